import type { Clock } from '../../../../local/clock.ts';
import { clockOf } from '../../../../local/clock.ts';
import type { AwsService } from '../../../../local/fakes/aws/server.ts';
import { startAws } from '../../../../local/fakes/aws/server.ts';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';

/** The given services behind the one server of all AWS fakes, with a door that lets everybody in, and what an SDK client needs. */
export const served = async (services: Record<string, AwsService>, behaviours = new Behaviours(), clock: Clock = clockOf()) => {
  const authenticate = () => ({ accessKeyId: 'local', arn: `arn:aws:iam::${ACCOUNT}:user/tester`, account: ACCOUNT, userId: 'tester', userAgent: '' });
  const { url, close } = await startAws({ services, authenticate, behaviours, clock });
  return { url, close, config: { endpoint: url, region: REGION, credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: 1 } };
};
