// The official graphql-ws client, driven by a test: reads one JSON configuration from its argument,
// prints one JSON line for everything that happens, and ends when every operation has, or is told to.
const graphqlWs = require(process.argv[2]);
const config = JSON.parse(process.argv[3]);

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const client = graphqlWs.createClient({
  url: config.url,
  lazy: false,
  retryAttempts: 0,
  connectionParams: config.params,
  onNonLazyError: () => {},
  on: {
    connected: () => tell({ event: "connected" }),
    closed: (event) => tell({ event: "closed", code: event.code, reason: event.reason }),
    pong: (received) => received && tell({ event: "pong" }),
  },
  keepAlive: config.keepAlive ?? 0,
});

let running = config.operations.length;

function ended(line) {
  tell(line);
  running -= 1;
  if (!running) process.exit(0);
}

const stops = config.operations.map((payload, operation) =>
  client.subscribe(payload, {
    next: (value) => tell({ operation, next: value }),
    error: (error) => ended({ operation, error: Array.isArray(error) ? error : error.code ?? String(error) }),
    complete: () => ended({ operation, complete: true }),
  }),
);

process.stdin.on("data", (data) => {
  for (const line of String(data).trim().split("\n")) stops[Number(line)]();
});
process.stdin.on("end", () => process.exit(0));
