import { crashAfterEveryCallOf } from './leases.ts';

crashAfterEveryCallOf('two leases on one credential');
crashAfterEveryCallOf('two leases on one credential', { alone: true });
crashAfterEveryCallOf('a lease whose end never comes');
