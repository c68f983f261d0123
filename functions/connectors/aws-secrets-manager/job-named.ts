import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ownNames, type Configuration } from '../../core/configuration.ts';
import type { Edges } from '../edges.ts';
import { lentTag } from './job-facts.ts';
import { describe, type Described } from './secret.ts';

const prefix = 'secret/';
const arnShape = /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):(\d{12}):secret:(.+)$/;

/** The ARN or the name of the secret that a credential's name (`secret/<ARN or name>`) means; undefined where it means none. */
export const secretIdIn = (name: string): string | undefined => (name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : undefined);

/** What Secrets Manager says of it. */
export type Look =
  | { told: 'there'; described: Described }
  /** There is none; `isOurs` where its ARN says that it would be in our own account and Region, so that we would see it. */
  | { told: 'absent'; isOurs: boolean }
  | { told: 'elsewhere'; reason: string };

/** Looks a secret up. One of another account or Region is told apart from one that is gone: here both are not found. */
export const lookUp = async (edges: Edges, id: string, signal: AbortSignal): Promise<Look> => {
  const [, region, account] = arnShape.exec(id) ?? [];
  const ours = edges.clientOf(SecretsManagerClient);
  if (region !== undefined && region !== (await ours.config.region())) return { told: 'elsewhere', reason: `it is a secret of another Region (${region})` };
  const described = await describe(edges, id, signal);
  if (described) return { told: 'there', described };
  if (account === undefined) return { told: 'absent', isOurs: false };
  const { Account } = await edges.clientOf(STSClient).send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  return Account === account ? { told: 'absent', isOurs: true } : { told: 'elsewhere', reason: `it is a secret of another account (${account})` };
};

/** The tags of a secret. */
export const tagsOf = ({ Tags = [] }: Described): Record<string, string> => Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));

const isNamed = ({ Name, ARN = '' }: Described, names: readonly string[]): boolean => names.some((one) => one === Name || one === ARN || (ARN !== '' && one === ARN.slice(0, -7)));

/** Why a secret is not one that was lent to a job, whoever says so; undefined where it is. */
export const whyKept = (described: Described, configuration: Configuration, region: string): string | undefined => {
  if (isNamed(described, ownNames(configuration))) return 'it is one of our own secrets';
  if (isNamed(described, configuration.canaries)) return 'it is a canary: recorded, and never acted upon';
  const bound = [...configuration.secrets.map(({ secret }) => secret), ...configuration.probes.flatMap(({ control }) => control?.secret ?? [])];
  if (isNamed(described, bound)) return 'the configuration binds it: it is no secret of one job';
  if (described.OwningService) return `${described.OwningService} manages it: only that service deletes it`;
  if (described.PrimaryRegion && described.PrimaryRegion !== region) return `it is the replica of a secret in ${described.PrimaryRegion}: end that one`;
  if (tagsOf(described)[lentTag.key] !== lentTag.value) return `it has no tag ${lentTag.key}=${lentTag.value}: only a secret that was made for one job is deleted`;
  return undefined;
};
