import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { Registry } from '../../functions/aws/registry.ts';
import { checkedConfiguration } from '../../infra/configuration.ts';
import { expect, type Checks } from './checks.ts';
import { clientsFor, type Clients } from './clients.ts';
import { run } from './command.ts';
import type { Deployed } from './deployed.ts';
import { openHouse } from './house.ts';
import { installMinistack, MINISTACK, startMinistack } from './ministack.ts';
import { logFile, makePlaces, plainEnvironment, type Places } from './places.ts';
import { putEvent } from './senders.ts';
import { deploy, introduce } from './stack.ts';
import { makeCertificate } from './tls.ts';
import { knock } from './truth.ts';
import type { Undo } from './undo.ts';
import { until } from './until.ts';
import { installationOf, makeWorld } from './world.ts';

const tools: [string, string][] = [['python3', '--version'], ['go', 'version'], ['git', '--version'], ['openssl', 'version'], ['curl', '--version'], ['bash', '--version']];

const toolsAreThere = async (places: Places): Promise<void> => {
  for (const [tool, version] of tools) {
    const answer = await run(tool, [version], { env: plainEnvironment(places), seconds: 30 }).catch(() => undefined);
    expect(answer?.code === 0, `${tool} is not there: this script needs ${tools.map(([name]) => name).join(', ')}`);
  }
};

/** Brings up the world and the emulator and deploys into it. */
export const setUp = async (checks: Checks, undo: Undo): Promise<Deployed> => {
  const places = makePlaces(undo);
  const world = makeWorld();
  const certificate = await checks.needed('the tools that this needs are there', async () => {
    await toolsAreThere(places);
    return makeCertificate(places);
  });
  const bus: { events?: Clients['events'] } = {};
  const house = await openHouse(world, certificate, undo, (event) => {
    if (bus.events) void putEvent(bus.events, event as Parameters<typeof putEvent>[1]).catch(() => checks.say('an event of Secrets Manager did not get onto the bus'));
  });
  const ministack = await checks.needed(`${MINISTACK} comes up on loopback, with policies enforced`, async () => {
    await installMinistack(places);
    return startMinistack({ places, certificate, variables: house.variables });
  });
  const clients = clientsFor(ministack.url, certificate);
  bus.events = clients.events;
  const outputs = await checks.needed('cdk bootstrap and cdk deploy put the real stack there', async () => {
    const told = await deploy(installationOf(world, house), places, ministack, certificate);
    await introduce(house, clients);
    return told;
  });
  // the emulator knows the API by this name instead of AWS's own
  const apiUrl = `https://${new URL(outputs.ApiUrl).hostname.split('.')[0]}.execute-api.localhost:${ministack.port}/`;
  return { apiUrl, outputs, clients, certificate, house, ministack, places, world, say: checks.say };
};

/** Asks the index to walk everything and waits until it knows each key with all its copies. */
export const fillRegistry = async ({ clients, outputs, house, world }: Deployed): Promise<void> => {
  for (const { keyId, secret, user } of Object.values(world.uploaders)) {
    expect((await knock(house.aws.url, keyId, secret)) === 'open', `the key of ${user} does not open before anything happened`);
  }
  const registry = new Registry(clients.documents, outputs.RegistryTableName);
  const configuration = checkedConfiguration(installationOf(world, house), 'the installation');
  await clients.queues.send(new SendMessageCommand({ QueueUrl: outputs.IndexQueueUrl, MessageBody: JSON.stringify({ kind: 'all' }) }));
  const lacking = async (): Promise<string[]> => {
    const known = await Promise.all(
      Object.values(world.uploaders).map(async ({ keyId, copies, user }) => {
        const credential = await registry.credential(`aws-iam-key:${keyId}`, configuration);
        const names = credential?.copies.map(({ name }) => name) ?? [];
        return credential?.principal === user && copies.every((copy) => names.includes(copy)) ? [] : [user];
      }),
    );
    return known.flat();
  };
  await until(
    async () => ((await registry.walk())?.finishedAt !== undefined && (await lacking()).length === 0 ? true : undefined),
    60,
    async () => `the registry does not know the keys of ${(await lacking()).join(', ')} with their copies; see ${logFile}`,
  );
};
