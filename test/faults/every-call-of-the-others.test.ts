import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a vendor key with alternating users');
crashAfterEveryCall('a secret whose issuer nobody knows');
crashAfterEveryCall('a key that AWS Health names');
crashAfterEveryCall('a key that its provider refuses to take back');
crashAfterEveryCall('a key id beside invented characters');
