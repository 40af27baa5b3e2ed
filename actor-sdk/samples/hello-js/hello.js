// The same as hello-http, in JavaScript with the events of the web: SpiderMonkey and all.
addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { pathname, search } = new URL(url);
  const text = pathname + search === '/hello' ? 'Hello, World!' : `${method} ${pathname}${search}\n`;
  event.respondWith(
    new Response(text, { headers: { 'content-type': 'text/plain; charset=utf-8', 'x-method': method } }),
  );
});
