import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { PartialItemFailureResponse } from '@aws-lambda-powertools/batch/types';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, SQSEvent, SQSRecord } from 'aws-lambda';
import { requestOf, resultOf, type HttpAnswer, type HttpRequest } from './http.ts';
import { deployedLog, errorName, powertoolsLogger, powertoolsMetrics, withoutMessage } from './log.ts';

/** Handlers are told to stop this long before Lambda would kill them. */
const earlyMilliseconds = 1_500;

/** How long a handler that was told to stop may still take to say what it did. */
const lastWordsMilliseconds = 1_000;

/** Milliseconds until Lambda kills the function. */
export type Remaining = () => number;

interface Called {
  getRemainingTimeInMillis?: Remaining;
}

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/** What a handler says that was told to stop, if it says anything in the little time that is left. */
const lastWords = async <Result>(running: Promise<Result> | undefined): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the function ran out of time')), lastWordsMilliseconds);
  });
  try {
    return await Promise.race([running ?? silence, silence]);
  } finally {
    clearTimeout(timer);
  }
};

/** Middy loads its middleware at the first call, so that importing a module reads no environment. */
const shell = <Event, Result>(run: (event: Event, signal: AbortSignal, remaining: Remaining) => Promise<Result>) => {
  // Lambda gives a process one event at a time
  let running: Promise<Result> | undefined;
  const built = once(() =>
    middy<Event, Result>({ timeoutEarlyInMillis: earlyMilliseconds, timeoutEarlyResponse: () => lastWords(running) })
      .use(injectLambdaContext(powertoolsLogger(), { clearState: true }))
      .use(logMetrics(powertoolsMetrics()))
      .handler((event, context: Called, { signal } = { signal: new AbortController().signal }) => (running = run(event, signal, () => context.getRemainingTimeInMillis?.() ?? Infinity))),
  );
  return (event: Event, context: never): Promise<Result> => built()(event, context) as Promise<Result>;
};

/** What Step Functions (or a schedule) calls: the event goes in as it is. What it throws is kept in the execution's history. */
export const lambda = <Event, Result, Deps>(handle: (event: Event, deps: Deps, signal: AbortSignal) => Promise<Result>, depsOf: () => Deps) => {
  const deps = once(depsOf);
  return shell<Event, Result>(async (event, signal) => {
    const made = deps();
    try {
      return await handle(event, made, signal);
    } catch (error) {
      throw withoutMessage(error);
    }
  });
};

/** What API Gateway calls. A failure that nobody foresaw is a 500 without its message. */
export const httpLambda = <Deps>(handle: (request: HttpRequest, deps: Deps, signal: AbortSignal) => Promise<HttpAnswer>, depsOf: () => Deps) => {
  const deps = once(depsOf);
  return shell<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(async (event, signal) => {
    try {
      return resultOf(await handle(requestOf(event), deps(), signal));
    } catch (error) {
      deployedLog.error('request failed', { error: errorName(error) });
      return resultOf({ status: 500, body: { error: 'something went wrong on our side: try again' } });
    }
  });
};

/** One message as a queue delivers it: its body as JSON (what is not JSON is undefined, for the handler to refuse), and what the queue says about it. */
export interface Delivered {
  body: unknown;
  record: Pick<SQSRecord, 'messageId' | 'receiptHandle'> & { attributes?: Partial<SQSRecord['attributes']> };
}

/** Begins the work on all messages of a batch, in whatever order is best: a promise for each, in the order of the batch. */
export type Together<Deps> = (batch: readonly Delivered[], deps: Deps, signal: AbortSignal) => Promise<void>[];

/** What a queue calls: each record on its own, side by side unless `together` knows better; the failed ones come back, the others do not. */
export const queueLambda = <Deps>(handle: (body: unknown, deps: Deps, signal: AbortSignal, remaining: Remaining) => Promise<void>, depsOf: () => Deps, together?: Together<Deps>) => {
  const deps = once(depsOf);
  return shell<SQSEvent, PartialItemFailureResponse>((event, signal, remaining) => {
    const begun = together?.(event.Records.map((record) => ({ body: parsedBody(record), record })), deps(), signal);
    // each is awaited below, though not all at this moment
    begun?.forEach((work) => void work.catch(() => undefined));
    const works = new Map(begun?.map((work, n) => [event.Records[n]?.messageId, work]));
    return eachRecord(event, (body, id) => works.get(id) ?? handle(body, deps(), signal, remaining), (message, error) => deployedLog.error('message failed', { messageId: message, error }));
  });
};

/** Runs all records of a batch and names those that failed. */
export const eachRecord = (event: SQSEvent, handle: (body: unknown, messageId: string) => Promise<void>, failed: (messageId: string, error: string) => void): Promise<PartialItemFailureResponse> =>
  processPartialResponse(
    event,
    async (record: SQSRecord) => {
      try {
        await handle(parsedBody(record), record.messageId);
      } catch (error) {
        failed(record.messageId, errorName(error));
        throw error;
      }
    },
    new BatchProcessor(EventType.SQS),
    { throwOnFullBatchFailure: false },
  );

const parsedBody = (record: SQSRecord): unknown => {
  try {
    return JSON.parse(record.body) as unknown;
  } catch {
    return undefined;
  }
};
