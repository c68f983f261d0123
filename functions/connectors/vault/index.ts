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
import { token } from './token.ts';
import { visitingOf, type Visit } from './visit.ts';

const kinds = { token, lease, prefix, 'secret-id': secretId, entity };

const kindOf = (of: VaultName): Kind<VaultName> => kinds[of.kind] as Kind<VaultName>;

const refused = (reason: string): Acted => ({ result: 'refused', reason, meanwhile: nothing });

const issuerOf = (edges: Edges): Issuer => {
  const visiting = visitingOf(edges);
  const seen = seenOf();

  const meet = (credential: Credential, { signal, sleep }: Context): { of: VaultName; id: string; visit: Visit } | { refused: string } => {
    signal.throwIfAborted();
    const door = doorOf(edges);
    if ('refused' in door) return door;
    const of = vaultNameOf(credential.name, door.settings.namespace);
    return 'refused' in of ? of : { of, id: JSON.stringify(of), visit: visiting(door, { signal, sleep }) };
  };

  const suspendable = 'only an entity can be disabled and enabled again: a token, a lease or a secret-id is revoked or left';

  return {
    name,
    role: 'issuer',
    permissions,
    facts,
    find: async (credential, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return { exists: false, note: met.refused };
      const found = await kindOf(met.of).find(met.of, met.visit);
      if (!found.exists) return found;
      seen.add(met.id);
      return { ...found, name: spellingOf(met.of, edges.configuration.vault?.namespace) };
    },
    contain: async (credential, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return refused(met.refused);
      return met.of.kind === 'entity' ? containEntity(met.of, met.visit, context) : refused(suspendable);
    },
    restore: async (credential, evidence, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return refused(met.refused);
      return met.of.kind === 'entity' ? restoreEntity(met.of, evidence, met.visit) : refused(suspendable);
    },
    revoke: async (credential, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return refused(met.refused);
      const acted = await kindOf(met.of).revoke(met.of, met.visit, context);
      if (acted.result === 'done') seen.add(met.id);
      return acted;
    },
    probe: async (credential, _value, context) => {
      const met = meet(credential, context);
      if ('refused' in met) return unknown(met.refused);
      try {
        const probed = await kindOf(met.of).probe(met.of, met.visit, seen.has(met.id));
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
