import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientsOf } from '../functions/aws/clients.ts';
import type { Clock } from './clock.ts';
import { createAws, type Aws, type AwsService, type RotationEvent } from './fakes/aws/index.ts';
import type { AwsState } from './fakes/aws/state.ts';
import type { Behaviours } from './fakes/behaviour.ts';
import { startGithub, type Github, type GithubStored } from './fakes/github.ts';
import { inFile, inMemory, type StateStore } from './fakes/state.ts';
import { startVendor, type Vendor, type VendorStored } from './fakes/vendor/index.ts';
import { alternatingUsers, generated, singleUser } from './fakes/vendor/rotation.ts';
import { startOidc, type Oidc, type OidcOptions } from './fakes/oidc.ts';
import { startVault, type Vault } from './fakes/vault/index.ts';
import { callers, credentialsOf, region } from './roles.ts';
import type { World } from './world/world.ts';

export interface ProvidersOptions {
  world: World;
  clock: Clock;
  behaviours: Behaviours;
  /** The folder for what providers know; absent: in memory. */
  folder?: string;
  quotas?: boolean;
  /** Services of the platform that share the AWS address. */
  extraServices: Record<string, AwsService>;
  /** What EventBridge delivers on its default bus. */
  onEvent: (event: object) => void;
  onCall?: (call: { service: string; operation: string; resource: string; caller: string }) => void;
  port?: number;
}

/** Everything outside Rescind: AWS as a provider, GitHub and the vendors of a world, on loopback. */
export interface Providers {
  aws: Aws;
  github: Github | undefined;
  vendors: ReadonlyMap<string, Vendor>;
  vault: Vault | undefined;
  /** The OIDC issuers of a world, by name. */
  oidc: Oidc | undefined;
  close(): Promise<void>;
}

/** The keys with which fingerprints are made and values held; made up once and kept with the world. */
const kmsKeys = (material: string) => [
  { id: 'fingerprint-key', alias: 'alias/rescind-fingerprint-v1', usage: 'GENERATE_VERIFY_MAC' as const, material },
  { id: 'hold-key', alias: 'alias/rescind-hold', usage: 'ENCRYPT_DECRYPT' as const, material },
];

/** An issuer's name is its address: after a restart it is at the same port, unless somebody else has that by now. */
const startOidcAgain = async (options: OidcOptions, kept: StateStore<{ port: number }>): Promise<Oidc> => {
  const port = kept.load()?.port;
  const oidc = port === undefined ? await startOidc(options) : await startOidc({ ...options, port }).catch(() => startOidc(options));
  kept.save({ port: Number(new URL(oidc.url).port) });
  return oidc;
};

/** Starts the fakes of a world. The functions' own code speaks to them as to the real thing. */
export const startProviders = async (options: ProvidersOptions & { kmsMaterial: string }): Promise<Providers> => {
  const { world, clock } = options;
  const { behaviours } = options;
  const store = <State>(name: string): StateStore<State> => (options.folder ? inFile<State>(join(options.folder, `${name}.json`)) : inMemory<State>());
  const vendors = new Map<string, Vendor>();
  for (const [name, vendor] of Object.entries(world.vendors ?? {})) {
    vendors.set(name, await startVendor({ name, world: vendor, behaviours, clock, store: store<VendorStored>(`vendor-${name}`) }));
  }
  const github = world.github ? await startGithub({ world: world.github, behaviours, clock, store: store<GithubStored>('github') }) : undefined;
  const vault = world.vault ? await startVault({ world: world.vault, clock, behaviours, folder: options.folder, onCall: ({ service, operation }) => options.onCall?.({ service, operation, resource: '', caller: '' }) }) : undefined;
  const oidc = world.oidc ? await startOidcAgain({ clock, behaviours, folder: options.folder }, store<{ port: number }>('oidc-port')) : undefined;
  for (const name of world.oidc ?? []) oidc?.issuer(name);
  const rotations = world.rotations ?? {};
  const aws: Aws = await createAws({
    world: { ...world.aws, callers: callers(Object.keys(rotations)), kmsKeys: kmsKeys(options.kmsMaterial) },
    store: store<AwsState>('aws'),
    behaviours,
    clock,
    quotas: options.quotas,
    port: options.port,
    extraServices: options.extraServices,
    onLabelUpdated: options.onEvent,
    onCall: options.onCall,
    invokeRotation: (arn, event) => rotate(arn.split(':function:')[1] ?? '', event),
  });
  const rotate = async (name: string, event: RotationEvent): Promise<void> => {
    const rotation = rotations[name];
    if (!rotation) throw new Error(`the world has no rotation function ${name}`);
    const secretsManager = clientsOf({ endpoint: aws.url, region, credentials: credentialsOf(name) })(SecretsManagerClient);
    if (rotation.strategy === 'generated') return generated(event, { secretsManager });
    const vendor = vendors.get(rotation.vendor ?? '');
    const adminKey = world.vendors?.[rotation.vendor ?? '']?.adminKey;
    if (!vendor || !adminKey) throw new Error(`the rotation function ${name} names a vendor that the world does not have`);
    await (rotation.strategy === 'single-user' ? singleUser : alternatingUsers)(event, { secretsManager, vendorUrl: vendor.url, adminKey, fetch });
  };
  return {
    aws,
    github,
    vendors,
    vault,
    oidc,
    close: async () => {
      await Promise.all([aws.close(), github?.close(), vault?.close(), oidc?.close(), ...[...vendors.values()].map((vendor) => vendor.close())]);
    },
  };
};
