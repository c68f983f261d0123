import { describe, expect, it } from 'vitest';
import { vault as connector } from '../../../functions/connectors/vault/index.ts';
import { describeIssuer, describeWatched, type IssuerSubject } from '../contract.ts';
import { credentialOf, openVault, watch, type VaultHouse } from './subject.ts';

type Told = Pick<IssuerSubject, 'alive' | 'kill'> & { name: string; remove: () => Promise<void> };

const make = (tell: (house: VaultHouse) => Told) => async (): Promise<IssuerSubject> => {
  const house = await openVault();
  const { name, alive, kill, remove } = tell(house);
  return {
    issuer: house.issuer,
    credential: credentialOf(name),
    basis: 'record',
    behaviours: house.house.behaviours,
    context: house.context,
    alive,
    kill,
    remove,
    snapshot: () => ({ alive: alive() }),
    values: () => [house.who.own.value],
    settle: () => Promise.resolve(),
    close: house.close,
  };
};

const door = (operation: string, ofValue: (name: string) => string | undefined = () => undefined) => ({ service: 'vault', operation, ofValue: (subject: IssuerSubject) => ofValue(subject.credential.name) });
const behind = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const act = (operation: string) => ({ service: 'vault', operation });

describeIssuer('vault (a token)', watch, {
  make: make(({ who, isAlive, asRoot }) => {
    const revoke = async () => void (await asRoot('POST', 'auth/token/revoke', { token: who.job.value }));
    return { name: `token/${who.job.accessor}`, alive: () => isAlive(`token/${who.job.accessor}`), kill: revoke, remove: revoke };
  }),
  door: door('POST /v1/auth/token/lookup-accessor', behind),
  knows: true,
  changes: { revoke: [act('POST /v1/auth/token/revoke-accessor')] },
});

describeIssuer('vault (a lease)', watch, {
  make: make(({ who, isAlive, asRoot }) => {
    const revoke = async () => void (await asRoot('POST', 'sys/leases/revoke', { lease_id: who.lease, sync: true }));
    return { name: `lease/${who.lease}`, alive: () => isAlive(`lease/${who.lease}`), kill: revoke, remove: revoke };
  }),
  door: door('POST /v1/sys/leases/lookup', behind),
  knows: true,
  changes: { revoke: [act('POST /v1/sys/leases/revoke')] },
});

describeIssuer('vault (a prefix)', watch, {
  make: make(({ who, vault, asRoot }) => {
    const revoke = async () => void (await asRoot('POST', `sys/leases/revoke-prefix/${who.prefix}`, { sync: true }));
    return { name: `prefix/${who.prefix}`, alive: () => vault.credentials().some(({ id, alive }) => id.startsWith(`lease/${who.prefix}/`) && alive), kill: revoke, remove: revoke };
  }),
  door: door('LIST /v1/sys/leases/lookup'),
  knows: true,
  changes: { revoke: [act('POST /v1/sys/leases/revoke-prefix')] },
});

describeIssuer('vault (a secret-id)', watch, {
  make: make(({ who, isAlive, asRoot }) => {
    const destroy = async () => void (await asRoot('POST', 'auth/approle/role/deploy/secret-id/destroy', { secret_id: who.secretId.value }));
    const name = `secret-id/approle/deploy/${who.secretId.accessor}`;
    return { name, alive: () => isAlive(name), kill: destroy, remove: destroy };
  }),
  door: door('POST /v1/auth/approle/role/deploy/secret-id-accessor/lookup', behind),
  knows: true,
  changes: { revoke: [act('POST /v1/auth/approle/role/deploy/secret-id-accessor/destroy')] },
});

describeIssuer('vault (an entity)', watch, {
  make: make(({ who, vault, asRoot }) => {
    const disable = async () => void (await asRoot('POST', 'identity/entity/name/mira', { disabled: true }));
    // an entity that is not found proves nothing: only one that is disabled has nothing left to be done
    return { name: `entity/${who.person.entity}`, alive: () => vault.alive(who.person.value), kill: disable, remove: disable };
  }),
  door: door('GET /v1/identity/entity/id', behind),
  knows: false,
  changes: { contain: [act('POST /v1/identity/entity/id')], restore: [act('POST /v1/identity/entity/id')], revoke: [act('POST /v1/identity/entity/id')] },
});

describe('an entity that another process contained', () => {
  it('is restored by one that has read nothing yet', async () => {
    const house = await openVault();
    try {
      await house.contain(`entity/${house.who.person.entity}`);
      expect(house.vault.alive(house.who.person.value)).toBe(false);
      const restored = await house.another().restore?.(credentialOf(`entity/${house.who.person.entity}`), { entity: house.who.person.entity, disabled: false }, house.context());
      expect(restored?.result).toBe('done');
      expect(house.vault.alive(house.who.person.value)).toBe(true);
    } finally {
      await house.close();
    }
  });
});

describeWatched('vault', watch, connector.permissions);
