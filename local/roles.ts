import type { WorldCaller } from './fakes/aws/world.ts';

/** The functions, each of which signs as its own role, as when it is deployed. */
export const functionNames = ['receive', 'dispatch', 'plan', 'contain', 'rotate', 'revoke', 'probe', 'record', 'report', 'index', 'api', 'release', 'leases'] as const;
export type FunctionName = (typeof functionNames)[number];

export const account = '111122223333';
export const region = 'us-east-1';

/** The role of a function, as the stack names it. */
export const roleOf = (name: string): string => `Rescind-${name}`;

/** The credentials with which a function signs on this machine. They open nothing anywhere else. */
export const credentialsOf = (name: string): { accessKeyId: string; secretAccessKey: string } => ({
  accessKeyId: `ASIALOCAL${name.toUpperCase().padEnd(11, 'X')}`,
  secretAccessKey: `local-only-${name}`.padEnd(40, 'x'),
});

/** Everybody who may sign: the functions, and the rotation functions of the world. */
export const callers = (rotations: readonly string[]): WorldCaller[] => [
  ...functionNames.map((name) => ({ ...credentialsOf(name), roleName: roleOf(name), sessionName: name })),
  ...rotations.map((name) => ({ ...credentialsOf(name), roleName: `rotation-${name}`, sessionName: name })),
  { ...credentialsOf('world'), roleName: 'world', sessionName: 'world' },
];
