import { randomBytes, randomUUID } from 'node:crypto';
import { noteChange } from '../journal.ts';
import type { House } from '../operations.ts';
import type { Secret } from '../state.ts';
import { recordServiceEvent } from '../trail.ts';
import { label, labelEvent } from './secret.ts';

/** What a rotation function is called with, once for each step. */
export interface RotationEvent {
  Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
  SecretId: string;
  ClientRequestToken: string;
}

const STEPS: RotationEvent['Step'][] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS_MS = 2_000;

/** Carries rotations through their four steps in the background, until the signal says stop. Never throws. */
export const rotatorOf = (
  house: Pick<House, 'state' | 'store' | 'clock' | 'emit'>,
  invokeRotation: (functionArn: string, event: RotationEvent) => Promise<void>,
  signal: AbortSignal,
): ((secretName: string) => void) => {
  const underWay = new Set<string>();

  /** The secret, as long as this very rotation of it is still wanted. */
  const wanted = (name: string, token: string): Secret | undefined => {
    const secret = house.state.secrets[name];
    const stages = secret?.versions[token]?.stages ?? [];
    const isLabelled = stages.includes('AWSPENDING') || stages.includes('AWSCURRENT');
    return secret && secret.deletedAt === undefined && secret.rotation?.running?.token === token && isLabelled ? secret : undefined;
  };

  const end = (name: string, token: string, outcome: 'RotationSucceeded' | 'RotationFailed' | 'RotationAbandoned') => {
    const now = house.clock.now();
    const secret = house.state.secrets[name];
    if (secret?.rotation?.running?.token === token) {
      noteChange(house.state, 'secrets', name, now.getTime(), 0);
      secret.rotation = { ...secret.rotation, running: undefined, ...(outcome === 'RotationSucceeded' && { rotatedAt: now.toISOString() }) };
    }
    recordServiceEvent(house.state, now, outcome, { SecretId: secret?.arn ?? name, ClientRequestToken: token });
    house.store.save(house.state);
  };

  /** A secret that a service or partner manages rotates without a function: it gets a random value. */
  const byItself = (secret: Secret, token: string) => {
    const now = house.clock.now();
    noteChange(house.state, 'secrets', secret.name, now.getTime(), 0);
    const fresh = randomBytes(24).toString('base64url');
    const current = Object.values(secret.versions).find(({ stages }) => stages.includes('AWSCURRENT'))?.value;
    const version = secret.versions[token];
    if (version) version.value = withPassword(current, fresh);
    label(secret, 'AWSCURRENT', token);
    secret.changedAt = now.toISOString();
    const event = labelEvent(house.state, secret, 'AWSCURRENT', token, randomUUID(), now);
    if (event) house.emit(event);
  };

  const allSteps = async (name: string, token: string): Promise<'done' | 'abandoned'> => {
    for (let secret = wanted(name, token); ; secret = wanted(name, token)) {
      const running = secret?.rotation?.running;
      if (!secret || !running) return 'abandoned';
      const step = STEPS[running.stepsDone];
      if (step === undefined) return 'done';
      const functionArn = secret.rotation?.functionArn;
      if (functionArn === undefined) {
        byItself(secret, token);
        return 'done';
      }
      await invokeRotation(functionArn, { Step: step, SecretId: secret.arn, ClientRequestToken: token });
      running.stepsDone += 1;
      house.store.save(house.state);
    }
  };

  const isCurrent = (name: string, token: string) => house.state.secrets[name]?.versions[token]?.stages.includes('AWSCURRENT') ?? false;

  const carryThrough = async (name: string, token: string): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        if ((await allSteps(name, token)) === 'abandoned') return end(name, token, 'RotationAbandoned');
        return end(name, token, isCurrent(name, token) ? 'RotationSucceeded' : 'RotationFailed');
      } catch {
        if (signal.aborted) return;
        if (isCurrent(name, token)) return end(name, token, 'RotationSucceeded');
        if (attempt === ATTEMPTS) return end(name, token, 'RotationFailed');
        await house.clock.sleep(BETWEEN_ATTEMPTS_MS * attempt, signal);
        const running = wanted(name, token)?.rotation?.running;
        // Steps may come again: the next attempt begins with the first.
        if (running) running.stepsDone = 0;
      }
    }
  };

  return (name) => {
    const token = house.state.secrets[name]?.rotation?.running?.token;
    if (token === undefined || underWay.has(`${name} ${token}`)) return;
    underWay.add(`${name} ${token}`);
    recordServiceEvent(house.state, house.clock.now(), 'RotationStarted', { SecretId: house.state.secrets[name]?.arn ?? name, ClientRequestToken: token });
    carryThrough(name, token)
      // Only the signal ends a rotation from outside; it goes on when the fakes start again.
      .catch(() => undefined)
      .finally(() => underWay.delete(`${name} ${token}`));
  };
};

const withPassword = (current: string | undefined, fresh: string): string => {
  try {
    const parsed = JSON.parse(current ?? '') as unknown;
    if (typeof parsed === 'object' && parsed !== null && 'password' in parsed) return JSON.stringify({ ...parsed, password: fresh });
  } catch {
    // not JSON: the whole value is the password
  }
  return fresh;
};
