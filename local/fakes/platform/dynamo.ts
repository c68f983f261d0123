import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, ResourceInUseException, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Clock } from '../../clock.ts';
import { clockOf } from '../../clock.ts';
import type { Behaviours } from '../behaviour.ts';
import { finishTables } from './half-made-tables.ts';

/** One call to the tables, as counted by benches and compared with permissions by tests. */
export interface DynamoCall {
  operation: string;
  /** Table names, those of a batch joined by a space. */
  table: string;
}

export interface DynamoOptions {
  /** A folder; absent: in memory. */
  path?: string;
  port?: number;
  behaviours?: Behaviours;
  clock?: Clock;
  onCall?: (call: DynamoCall) => void;
}

export interface Dynamo {
  url: string;
  /** Makes each table that is not there yet and waits until all of them can be used. */
  createTables(definitions: readonly CreateTableCommandInput[]): Promise<void>;
  ensureTable(definition: CreateTableCommandInput): Promise<void>;
  close(): Promise<void>;
}

const mostSecondsToClose = 5;

const READS = /^(GetItem|BatchGetItem|Query|Scan|Describe|List)/;

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const tablesOf = (body: Buffer): string => {
  try {
    const { TableName, RequestItems } = JSON.parse(body.toString()) as { TableName?: string; RequestItems?: object };
    return TableName ?? Object.keys(RequestItems ?? {}).join(' ');
  } catch {
    return '';
  }
};

const refuse = (response: ServerResponse, status: number, code: string, message: string): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }));
};

/** Whether the request is to be carried out, after every behaviour before that has had its way. */
const misbehave = async (options: DynamoOptions, call: DynamoCall, request: IncomingMessage, response: ServerResponse): Promise<'go' | 'drop' | 'answered'> => {
  let verdict: 'go' | 'drop' = 'go';
  for (const behaviour of options.behaviours?.of({ service: 'dynamodb', operation: call.operation, resource: call.table }) ?? []) {
    const { effect, status, code, message, seconds = 1 } = behaviour;
    if (effect === 'delay') await (options.clock ?? clockOf()).sleep(seconds * 1000);
    if (effect === 'drop') verdict = 'drop';
    if (effect === 'throttle') {
      refuse(response, 400, 'ProvisionedThroughputExceededException', 'The level of configured provisioned throughput for the table was exceeded.');
      return 'answered';
    }
    if (effect === 'refuse' || (effect === 'down' && status !== undefined)) {
      refuse(response, status ?? 400, code ?? (effect === 'down' ? 'InternalServerError' : 'AccessDeniedException'), message ?? 'refused by this world');
      return 'answered';
    }
    if (effect === 'down') {
      request.socket.destroy();
      return 'answered';
    }
    if (effect === 'lie' && !READS.test(call.operation)) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end('{}');
      return 'answered';
    }
  }
  return verdict;
};

const ensureTable = async (client: DynamoDBClient, definition: CreateTableCommandInput): Promise<void> => {
  const status = async () => {
    try {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: definition.TableName }));
      const isReady = Table?.TableStatus === 'ACTIVE' && (Table.GlobalSecondaryIndexes ?? []).every(({ IndexStatus }) => IndexStatus === 'ACTIVE');
      return isReady ? 'ready' : 'coming';
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return 'absent';
      throw error;
    }
  };
  if ((await status()) === 'absent') {
    await client.send(new CreateTableCommand(definition)).catch((error: unknown) => {
      if (!(error instanceof ResourceInUseException)) throw error;
    });
  }
  for (let attempt = 0; (await status()) !== 'ready'; attempt += 1) {
    if (attempt > 500) throw new Error(`table ${definition.TableName ?? ''} did not become active: remove its folder and start again`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** DynamoDB on one machine (`dynalite`) on a loopback port, with the world's behaviours in front of it. */
export const startDynamo = async (options: DynamoOptions = {}): Promise<Dynamo> => {
  if (options.path !== undefined) await finishTables(options.path);
  const server = dynalite({ ...(options.path === undefined ? {} : { path: options.path }), createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const carryOut = server.listeners('request')[0] as (request: unknown, response: ServerResponse) => void;
  server.removeAllListeners('request');
  // dynalite goes on with a request whose client has gone, and ends the process if its store was closed meanwhile
  const underWay = new Set<Promise<void>>();
  let closing = false;
  const carryOutWhole = (request: Readable, response: ServerResponse): void => {
    if (closing) return void response.destroy();
    const work = new Promise<void>((resolve) => {
      const end = response.end;
      response.end = function (this: ServerResponse, ...parameters: unknown[]) {
        resolve();
        return Reflect.apply(end, this, parameters) as ServerResponse;
      };
    });
    underWay.add(work);
    void work.then(() => underWay.delete(work));
    carryOut(request, response);
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const answer = async () => {
      const body = await bodyOf(request);
      const call: DynamoCall = { operation: String(request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? '', table: tablesOf(body) };
      options.onCall?.(call);
      const verdict = await misbehave(options, call, request, response);
      if (verdict === 'answered') return;
      if (verdict === 'drop') response.end = () => (request.socket.destroy(), response);
      // A request of its own, already complete: dynalite ends the process when a client goes away while it reads.
      carryOutWhole(Object.assign(Readable.from(body.length === 0 ? [] : [body]), { headers: request.headers, method: request.method, url: request.url }), response);
    };
    answer().catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Any key opens dynalite; a strict caller is the business of the services in front of it.
  const client = new DynamoDBClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  return {
    url,
    ensureTable: (definition) => ensureTable(client, definition),
    createTables: async (definitions) => {
      await Promise.all(definitions.map((definition) => ensureTable(client, definition)));
    },
    close: async () => {
      client.destroy();
      closing = true;
      await Promise.race([Promise.all(underWay), new Promise((resolve) => setTimeout(resolve, mostSecondsToClose * 1000).unref())]);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
};
