// An ensemble inside a Node service: GET / answers with the metrics as they are now, and the service goes on
// answering while the ensemble runs. `node examples/http-service.mjs [FILE]`, then `curl localhost:8321`.

import { createServer } from 'node:http';
import { Ensemble } from 'flux-ensemble';

const file = process.argv[2] ?? new URL('hello-world.yaml', import.meta.url).pathname;
const ensemble = await Ensemble.fromFile(file);

const server = createServer(async (_request, response) => {
  const { groups } = await ensemble.metrics();
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify(Object.fromEntries(groups))}\n`);
});
// Loopback only; but every user of this host can connect to it.
server.listen(Number(process.env.PORT ?? 8321), '127.0.0.1');

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const running = ensemble.run({ signal: interrupt.signal });
for await (const firing of ensemble.firings()) {
  console.log(`${firing.name}: ${firing.action} ${firing.label ?? ''}`);
}
const { end } = await running;
console.log(`the ensemble has ended: ${end}`);
server.close();
await ensemble.close();
