import { declaredProbe } from '../../../functions/connectors/declared-probe/index.ts';
import { Watch, describeIssuer, describeWatched, watchedIssuer, type IssuerSubject } from '../contract.ts';
import { contextOf, copyOf, newKey, type Asking } from '../house.ts';
import { controlName, openVendorHouse, secretName, type VendorHouseOptions } from '../vendor-house.ts';

const watch = new Watch();

const make = (options: VendorHouseOptions, known: { control: (of: { key: string; control: string }) => string }) => async (): Promise<IssuerSubject & { controlValue: string }> => {
  const house = await openVendorHouse({ ...options, onCall: watch.onCall });
  const { key, vendor } = house;
  return {
    issuer: watchedIssuer(declaredProbe.create(house.house.edges), watch),
    credential: { id: 'declared-probe:orders', issuer: 'declared-probe', name: 'orders', copies: [copyOf(house.house, secretName, 'key')] },
    value: key,
    controlValue: known.control(house),
    behaviours: house.house.behaviours,
    context: (asking: Asking = {}) => contextOf(house.house.clock, { binding: { probe: 'vendor' }, ...asking }),
    alive: () => house.alive(key),
    kill: () => house.setKey('orders_a', newKey()),
    values: () => vendor.credentials().map(({ value }) => value),
    settle: () => Promise.resolve(),
    close: () => house.close(),
  };
};

// the vendor's door does not know keys by name, so trouble there meets the value and its control alike
const door = { service: 'vendor:acme', operation: 'GET /v1/whoami', ofValue: () => undefined, ofControl: () => undefined };

describeIssuer('declared-probe with a control of its own', watch, {
  make: make({ probe: () => ({ control: { secret: controlName, leaf: 'key' } }) }, { control: ({ control }) => control }),
  door,
  changes: {},
  knows: false,
});

describeWatched('declared-probe', watch, declaredProbe.permissions);
