import { crashAfterEveryCallOf } from './leases.ts';

crashAfterEveryCallOf('a lease whose run ends');
crashAfterEveryCallOf('a lease whose run ends', { alone: true });
crashAfterEveryCallOf('a lease whose end never comes', { alone: true });
