import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a key pair with a free slot', { onlyChanges: true });
crashAfterEveryCall('a key pair whose owner is asked first', { onlyChanges: true });
crashAfterEveryCall('a vendor key with alternating users');
crashAfterEveryCall('a secret whose issuer nobody knows');
crashAfterEveryCall('a key that AWS Health names');
