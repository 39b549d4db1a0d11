/** Runs bundled functions for moto, each in a worker thread with its own environment, as Lambda's Invoke API. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface HostedFunction {
  readonly arn: string;
  /** A bundle in CommonJS. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface Answer {
  readonly payload: unknown;
  readonly failed: boolean;
}

interface Container {
  readonly worker: Worker;
  readonly waiting: Map<number, (answer: Answer) => void>;
}

export class FunctionHost {
  /** Everything that the functions printed. */
  readonly logs: string[] = [];
  private readonly containers = new Map<string, Container>();
  private requests = 0;
  private readonly server = createServer((request, response) => void this.serve(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  add({ arn, file, environment, timeoutSeconds }: HostedFunction): void {
    void this.containers.get(arn)?.worker.terminate();
    const worker = new Worker(join(__dirname, 'function-worker.js'), {
      workerData: { arn, file, timeoutSeconds },
      env: { ...environment, TZ: 'UTC', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      stdout: true,
      stderr: true,
    });
    const waiting: Container['waiting'] = new Map();
    worker.on('message', ({ id, ...answer }: Answer & { id: number }) => {
      waiting.get(id)?.(answer);
      waiting.delete(id);
    });
    worker.on('error', (error) => {
      for (const answer of waiting.values())
        answer({ payload: { errorType: error.name, errorMessage: error.message }, failed: true });
      waiting.clear();
    });
    for (const stream of [worker.stdout, worker.stderr])
      stream.on('data', (chunk: Buffer) => void this.logs.push(chunk.toString()));
    this.containers.set(arn, { worker, waiting });
  }

  invoke(arn: string, event: unknown): Promise<Answer> {
    const container = this.containers.get(arn);
    if (!container) throw new Error(`there is no function ${arn}`);
    const id = this.requests++;
    return new Promise((resolve) => {
      container.waiting.set(id, resolve);
      container.worker.postMessage({ id, event });
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.containers.values()].map(({ worker }) => worker.terminate()));
    this.server.closeAllConnections();
    await new Promise((resolve) => void this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, arn = ''] =
      /^\/2015-03-31\/functions\/(.+)\/invocations$/.exec(decodeURIComponent(request.url ?? '')) ?? [];
    const body = Buffer.concat(await request.toArray()).toString();
    const { payload, failed } = await this.invoke(arn, JSON.parse(body || '{}'));
    response.writeHead(200, failed ? { 'x-amz-function-error': 'Unhandled' } : {}).end(JSON.stringify(payload ?? null));
  }
}
