/** Something that was noticed on the way to an answer: the provider throttled us, or a call was made again. */
export interface Noticed {
  service: string;
  operation: string;
  /** The provider's error name, for instance `ThrottlingException`. */
  error: string;
}

/** One call that went out, for counting: which function needs which permission, and what an incident costs. */
export interface Called {
  service: string;
  operation: string;
}

/** Builds (once) and returns a client of the given class, with our timeouts and retries. */
export type ClientOf = <C>(make: new (configuration: ClientConfiguration) => C) => C;

export interface ClientConfiguration {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  maxAttempts?: number;
  retryMode?: string;
  requestHandler?: { requestTimeout?: number; connectionTimeout?: number };
}

interface Stacked {
  middlewareStack: { add(middleware: (next: Next, context: Described) => Next, options: Record<string, unknown>): void };
}
type Next = (args: unknown) => Promise<unknown>;
interface Described {
  clientName?: string;
  commandName?: string;
}

const throttled = /throttl|TooManyRequests|RequestLimitExceeded|ProvisionedThroughputExceeded|SlowDown/i;

/**
 * The clients of one function. The SDK's standard retry mode waits with jitter between tries;
 * every try is told to `onCall` (with what was asked, which may hold values), every throttled one to `onNotice`.
 */
export const clientsOf = (
  configuration: ClientConfiguration = {},
  hooks: { onNotice?: (noticed: Noticed) => void; onCall?: (called: Called, input: unknown) => void; before?: (called: Called) => Promise<void>; after?: (called: Called) => Promise<void> } = {},
): ClientOf => {
  const built = new Map<unknown, unknown>();
  return <C>(make: new (configuration: ClientConfiguration) => C): C => {
    const known = built.get(make);
    if (known) return known as C;
    const client = new make({
      maxAttempts: 5,
      retryMode: 'standard',
      requestHandler: { requestTimeout: 5_000, connectionTimeout: 2_000 },
      ...configuration,
    });
    (client as Stacked).middlewareStack.add(
      (next, context) => async (args) => {
        const called = {
          service: (context.clientName ?? '').replace(/Client$/, ''),
          operation: (context.commandName ?? '').replace(/Command$/, ''),
        };
        await hooks.before?.(called);
        hooks.onCall?.(called, (args as { input?: unknown }).input);
        try {
          const answer = await next(args);
          await hooks.after?.(called);
          return answer;
        } catch (error) {
          const name = error instanceof Error ? error.name : 'unknown';
          if (throttled.test(name)) hooks.onNotice?.({ ...called, error: name });
          throw error;
        }
      },
      // behind the retry middleware, so that every try passes through
      { step: 'finalizeRequest', priority: 'low', name: 'rescindNotices' },
    );
    built.set(make, client);
    return client;
  };
};
