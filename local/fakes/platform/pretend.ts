import type { Clock } from '../../clock.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-service.ts';

/** What a service needs to know so that it can answer a change that it does not make, or makes afterwards. */
export interface Manners {
  clock: Clock;
  /** Whether the call changes anything; reads are never pretended. */
  changes(request: AwsRequest): boolean;
  /** The answer to a change that is only pretended. */
  pretended(request: AwsRequest): AwsAnswer;
}

/**
 * A service that honours `lie` (answers and does nothing), `later` and `lag` (answers and acts after that many seconds).
 * The server in front of it does the rest; no read of the platform has a replica, so `stale` changes nothing.
 */
export const pretending =
  ({ clock, changes, pretended }: Manners, service: AwsService): AwsService =>
  async (request) => {
    const effects = changes(request) ? request.effects : [];
    if (effects.some(({ effect }) => effect === 'lie')) return pretended(request);
    const late = effects.find(({ effect }) => effect === 'later' || effect === 'lag');
    if (late === undefined) return service(request);
    void clock
      .sleep((late.seconds ?? 1) * 1000)
      .then(() => service(request))
      .catch(() => undefined);
    return pretended(request);
  };
