/** A queue, as far as its messages are counted. */
export interface Counted {
  messages: ReadonlyMap<string, { body: string; visibleAt: number; receiveCount: number }>;
}

const isAgain = (body: string): boolean => {
  try {
    return (JSON.parse(body) as { kind?: unknown } | null)?.kind === 'again';
  } catch {
    return false;
  }
};

/**
 * How many messages are under way. One that only says that a lease is to be tried again, later, is not: an issuer that is down
 * would keep everybody waiting, and the lease itself tells how it stands.
 */
export const messagesUnderWay = (queues: readonly Counted[], now: Date): number =>
  queues.flatMap(({ messages }) => [...messages.values()].filter(({ body, visibleAt, receiveCount }) => !(receiveCount === 0 && visibleAt > now.getTime() && isAgain(body)))).length;
