import { deliveryOfEvent } from '../functions/aws/aws-events.ts';
import type { Line } from '../functions/core/case.ts';

/** Which of the deliveries that were handled had been known before. */
export interface Repeats {
  /** Hears each line of each case. */
  line(line: Line): void;
  /** To be called when a message of the deliveries queue was handled: the delivery that it brought and that told nothing new. */
  handled(message: unknown): string | undefined;
}

/** The index met what an earlier delivery had reported: nobody sent anything. */
const isMet = (message: unknown): message is { report: { delivery: string } } => typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'met';

const deliveryOf = (message: unknown): string | undefined => {
  if (typeof message !== 'object' || message === null) return undefined;
  if ('detail-type' in message) return deliveryOfEvent(message);
  if (isMet(message)) return message.report.delivery;
  return 'delivery' in message && typeof message.delivery === 'string' ? message.delivery : undefined;
};

/** Tells repeated deliveries by what they leave out: each that is new opens a case or joins one, in lines of its own. */
export const repeats = (): Repeats => {
  const news = new Set<string>();
  return {
    line: (line) => {
      if (line.kind === 'opened' || line.kind === 'joined') news.add(line.report.delivery);
    },
    handled: (message) => {
      const delivery = deliveryOf(message);
      if (delivery === undefined || news.delete(delivery)) return undefined;
      return isMet(message) ? undefined : delivery;
    },
  };
};
