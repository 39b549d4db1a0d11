import { listen } from '../simulator/local-organization/wire/port';
import { addOutput } from '../simulator/rehearsal/output/output-directory';
import type { Rehearsal } from '../simulator/rehearsal/rehearsal';
import { complain } from '../terminal';

/** Time goes on as fast as everybody's while people look around. */
export async function serve({ organization }: Rehearsal, port: number, out: string): Promise<void> {
  const credentials = organization.directory
    .accountIds()
    .map((accountId) => ({ accountId, ...organization.directory.administrator(accountId, { longLived: true }) }));
  const content = `${JSON.stringify(credentials, null, 2)}\n`;
  const file = addOutput(out, { name: 'credentials.json', content, mode: 0o600 });
  const server = await listen(organization.gateway, port, complain);
  complain(`listening on http://127.0.0.1:${server.port}; credentials in ${file}; press Ctrl-C to stop\n`);
  let lastMs = Date.now();
  const flow = async (): Promise<void> => {
    const nowMs = Date.now();
    const now = new Date(organization.clock.now().getTime() + nowMs - lastMs);
    await organization.clock.advanceTo(now).catch((error: Error) => complain(`${error.stack}\n`));
    lastMs = nowMs;
    setTimeout(() => void flow(), 200);
  };
  await flow();
  await new Promise<void>((resolve) => void process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await server.close();
  process.exit();
}
