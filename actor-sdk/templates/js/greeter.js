// What is thrown is the error of the result.
export const greetings = {
  greet(name) {
    if (name.trim() === '') {
      throw 'nobody to greet';
    }
    return `Hello, ${name}!`;
  },
};
