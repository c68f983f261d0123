import { isSessionAlive } from './access.ts';
import type { House } from './operations.ts';
import { exists } from './secrets-manager/secret.ts';
import { arnOf } from './state.ts';

/** Sessions of roles and secrets made for one job, under the ids of those who can take them back. The truth, not what readers see. */
export const lentIn = (house: House): { id: string; issuer: string; alive: boolean }[] => {
  const { state } = house;
  const sessions = new Map<string, boolean>();
  for (const [key, { kind, principal, sessionName }] of Object.entries(state.sessions)) {
    if (kind !== 'role' || sessionName === undefined) continue;
    const id = `aws-role-session:${arnOf.assumedRole(state, principal, sessionName)}`;
    sessions.set(id, (sessions.get(id) ?? false) || isSessionAlive(house, key));
  }
  const now = house.clock.now();
  const secrets = Object.values(state.secrets).filter(({ tags }) => tags['rescind:lent'] === 'job');
  return [
    ...[...sessions].map(([id, alive]) => ({ id, issuer: 'aws-role-session', alive })),
    ...secrets.map((secret) => ({ id: `aws-secrets-manager:secret/${secret.arn}`, issuer: 'aws-secrets-manager', alive: secret.deletedAt === undefined && exists(secret, now) })),
  ];
};
