import { Behaviours, type Behaviour } from '../local/fakes/behaviour.ts';
import { startVault, type VaultWorld } from '../local/fakes/vault/index.ts';
import { clockOf } from '../local/clock.ts';
import { startOutside } from '../local/outside.ts';
import type { World } from '../local/world/world.ts';
import { obey } from './own-process.ts';

/** What a parent asks of this process: to be the vault, or everything else outside Rescind (AWS, the tables, GitHub's issuer). */
export type Order = { do: 'vault'; world: VaultWorld; seconds: number } | { do: 'outside'; world: World; behaviours: Behaviour[]; claims: Record<string, unknown>[] };

export interface VaultReply {
  url: string;
}

export interface OutsideReply {
  aws: string;
  tables: string;
  issuer: string;
  /** A GitHub token for each of the claims that were asked for. */
  tokens: string[];
}

const hourSeconds = 3_600;

obey<Order, VaultReply | OutsideReply>(async (order) => {
  const clock = clockOf();
  if (order.do === 'vault') {
    const { url } = await startVault({ world: order.world, clock, behaviours: new Behaviours([{ service: 'vault', effect: 'delay', seconds: order.seconds }]) });
    return { url };
  }
  const { behaviours, providers, dynamo } = await startOutside({ world: order.world, definitions: {}, clock });
  behaviours.set(order.behaviours);
  const { oidc } = providers;
  if (!oidc) throw new Error('the world has no OIDC issuer');
  const tokens: string[] = [];
  for (const claims of order.claims) tokens.push(await oidc.token(claims, { issuer: 'github', expiresSeconds: hourSeconds }));
  return { aws: providers.aws.url, tables: dynamo.url, issuer: oidc.issuer('github'), tokens };
});
