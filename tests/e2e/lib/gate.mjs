import { createServer } from 'node:http';

/** Answers 404 until it is opened: what a job waits for. */
export class Gate {
  constructor() {
    this.server = createServer((request, response) => response.writeHead(this.open ? 200 : 404).end());
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
