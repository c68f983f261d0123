import { STSClient } from '@aws-sdk/client-sts';
import { credentialsOf, functionNames } from '../local/roles.ts';

interface Command {
  input: object;
  constructor: new (input: object) => Command;
}

interface Client {
  config: { credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string }>; [setting: string]: unknown };
  constructor: new (configuration: object) => Client;
  send(command: Command): Promise<unknown>;
  destroy(): void;
}

/** One command that an SDK client sent, with its answer. Times in milliseconds since the process began. */
export interface Sent {
  /** The function that signed it, `world` or the name of a rotation; `other` for credentials of somebody else, a leaked key for one. */
  by: string;
  /** `SecretsManager`, `IAM`, `DynamoDBDocument`, ... */
  service: string;
  operation: string;
  input: Record<string, unknown>;
  output: Record<string, unknown> | undefined;
  /** Name of the error, where it failed. */
  error: string | undefined;
  start: number;
  end: number;
  /** Sends the same once more, through a new client with the same credentials where `clients` has none yet. */
  again(clients: Map<string, Client>): Promise<void>;
}

const proto = Object.getPrototypeOf(STSClient.prototype) as Client;

const signers = (rotations: readonly string[]): Map<string, string> =>
  new Map([...functionNames, 'world', ...rotations].map((name) => [credentialsOf(name).accessKeyId, name]));

/**
 * Hears of every command that any SDK client of this process sends, until the returned function is called, which throws what a listener threw. Inputs and
 * answers may hold values: they are counted and measured, never printed.
 */
export const record = (heard: (sent: Sent) => void, rotations: readonly string[] = []): (() => void) => {
  const known = signers(rotations);
  const original = proto.send;
  let failure: { error: unknown } | undefined;
  const tell = async (client: Client, command: Command, start: number, answer: { output?: unknown; error?: unknown }): Promise<void> => {
    const end = performance.now();
    const { accessKeyId, secretAccessKey } = await client.config.credentials();
    const service = client.constructor.name.replace(/Client$/, '');
    heard({
      by: known.get(accessKeyId) ?? 'other',
      service,
      operation: command.constructor.name.replace(/Command$/, ''),
      input: command.input as Record<string, unknown>,
      output: answer.output as Record<string, unknown> | undefined,
      error: answer.error instanceof Error ? answer.error.name : undefined,
      start,
      end,
      again: async (clients) => {
        const key = `${service} ${accessKeyId}`;
        const bare = clients.get(key) ?? new client.constructor({ region: client.config.region, endpoint: client.config.endpoint, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
        clients.set(key, bare);
        await original.call(bare, new command.constructor(command.input)).catch(() => undefined);
      },
    });
  };
  proto.send = function send(this: Client, ...parameters: [Command]): Promise<unknown> {
    const start = performance.now();
    const answered = original.apply(this, parameters);
    const told = answered.then(
      (output) => tell(this, parameters[0], start, { output }),
      (error: unknown) => tell(this, parameters[0], start, { error }),
    );
    told.catch((error: unknown) => (failure ??= { error }));
    return answered;
  };
  return () => {
    proto.send = original;
    if (failure) throw failure.error;
  };
};

export type { Client };
