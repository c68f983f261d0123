import type { Acted, Context, Credential, Issuer } from '../../core/connector.ts';
import type { ConnectorModule, Edges } from '../edges.ts';
import { doorOf } from './address.ts';
import { VaultFailed } from './answer.ts';
import { containEntity, entity, restoreEntity } from './entity.ts';
import { facts, name, permissions } from './facts.ts';
import { nothing, unknown, type Kind } from './kind.ts';
import { lease } from './lease.ts';
import { spellingOf, vaultNameOf, type VaultName } from './names.ts';
import { prefix } from './prefix.ts';
import { secretId } from './secret-id.ts';
import { seenOf } from './seen.ts';
import { accountOf, behind, serverDoubt } from './server.ts';
import { token } from './token.ts';
import { visitingOf, type Visit } from './visit.ts';

const kinds = { token, lease, prefix, 'secret-id': secretId, entity };

const kindOf = (of: VaultName): Kind<VaultName> => kinds[of.kind] as Kind<VaultName>;

const refused = (reason: string): Acted => ({ result: 'refused', reason, meanwhile: nothing });

/** A credential's name, and a visit to the vault that it is of. */
interface Met {
  of: VaultName;
  id: string;
  visit: Visit;
}

const issuerOf = (edges: Edges): Issuer => {
  const visiting = visitingOf(edges);
  const seen = seenOf();

  const meet = (credential: Credential, { signal, sleep }: Context): Met | { refused: string } => {
    signal.throwIfAborted();
    const door = doorOf(edges);
    if ('refused' in door) return door;
    const of = vaultNameOf(credential.name, door.settings.namespace);
    return 'refused' in of ? of : { of, id: JSON.stringify(of), visit: visiting(door, credential.account, { signal, sleep }) };
  };

  /** Whether it is not the credential's server that would be told to act, in words; undefined where it is. */
  const doubtOf = async ({ of: { namespace }, visit }: Met): Promise<string | undefined> => serverDoubt(await visit.server('lately'), namespace, visit.bound.cluster);

  const suspendable = 'only an entity can be disabled and enabled again: a token, a lease or a secret-id is revoked or left';

  return {
    name,
    role: 'issuer',
    permissions,
    facts,
    find: async (credential, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return { exists: false, note: met.refused };
      const name = spellingOf(met.of, edges.configuration.vault?.namespace);
      // where it cannot be asked now, what was found would not be bound to its server: thrown, and asked again
      const server = await met.visit.server('now');
      const doubt = serverDoubt(server, met.of.namespace, met.visit.bound.cluster);
      if (doubt !== undefined && credential.account !== undefined) throw new VaultFailed(`it could not be looked up: ${doubt}`);
      if (doubt !== undefined) return { exists: false, name, note: doubt };
      const { account: place, ...found } = await kindOf(met.of).find(met.of, met.visit);
      if (!found.exists && server.isBehind) throw new VaultFailed(`it could not be looked up: ${behind}`);
      if (!found.exists) return { ...found, name };
      seen.add(met.id);
      return { ...found, name, ...(server.cluster === undefined ? {} : { account: accountOf(server, place) }) };
    },
    contain: async (credential, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return refused(met.refused);
      if (met.of.kind !== 'entity') return refused(suspendable);
      const doubt = await doubtOf(met);
      return doubt === undefined ? containEntity(met.of, met.visit, context) : refused(doubt);
    },
    restore: async (credential, evidence, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return refused(met.refused);
      if (met.of.kind !== 'entity') return refused(suspendable);
      const doubt = await doubtOf(met);
      return doubt === undefined ? restoreEntity(met.of, evidence, met.visit) : refused(doubt);
    },
    revoke: async (credential, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return refused(met.refused);
      const doubt = await doubtOf(met);
      if (doubt !== undefined) return refused(doubt);
      const acted = await kindOf(met.of).revoke(met.of, met.visit, context);
      if (acted.result === 'already' && (await met.visit.server('lately')).isBehind) throw new VaultFailed(`it is not known there; but ${behind}`);
      if (acted.result === 'done') seen.add(met.id);
      return acted;
    },
    probe: async (credential, _value, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return unknown(met.refused);
      try {
        const [probed, server] = await Promise.all([kindOf(met.of).probe(met.of, met.visit, seen.has(met.id)), met.visit.server('now')]);
        const doubt = serverDoubt(server, met.of.namespace, met.visit.bound.cluster) ?? (server.isBehind && probed.verdict === 'dead' ? behind : undefined);
        if (doubt !== undefined) return unknown(`${probed.note}; but ${doubt}`);
        if (probed.verdict === 'alive') seen.add(met.id);
        return probed;
      } catch (error) {
        context.signal.throwIfAborted();
        if (error instanceof VaultFailed) return unknown(error.message);
        throw error;
      }
    },
  };
};

/** OpenBao and HashiCorp Vault: tokens by accessor, leases, secret-ids of AppRole, entities. Judged by the vault's own record. */
export const vault: ConnectorModule<Issuer> = { name, role: 'issuer', permissions, create: issuerOf };
