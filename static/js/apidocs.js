// Shows the OpenAPI document in Swagger UI. Calls from the page carry the session and its CSRF token.
const box = document.getElementById("api-docs");

const csrfToken = () =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith("csrftoken="))
    ?.slice("csrftoken=".length);

window.SwaggerUIBundle({
  url: box.dataset.document,
  domNode: box,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const token = csrfToken();
    const here = new URL(request.url, location.href).origin === location.origin;
    if (here && token) request.headers["X-CSRFToken"] = token;
    return request;
  },
});
