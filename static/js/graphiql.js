/** Starts GraphiQL on this site's schema: queries by HTTP with the CSRF token, subscriptions by socket. */

const FIRST_QUERY = `# The newest photos with their best captions. Ctrl-Enter runs it.
query Newest {
  images(first: 5) {
    edges {
      node {
        title
        state
        bestCaption {
          text
          confidence
        }
      }
    }
  }
}
`;

const place = document.getElementById("graphiql");
const token = document.querySelector('meta[name="csrf-token"]').content;
const socket = new URL(place.dataset.socketPath, window.location.href);
socket.protocol = socket.protocol.replace("http", "ws");

const fetcher = window.GraphiQL.createFetcher({
  url: place.dataset.path,
  headers: { "X-CSRFToken": token },
  wsClient: window.graphqlWs.createClient({ url: socket.href, lazy: true }),
});

window.ReactDOM.createRoot(place).render(
  window.React.createElement(window.GraphiQL, { fetcher, defaultQuery: FIRST_QUERY }),
);
