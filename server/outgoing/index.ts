export { type AddressList, parseAddressList } from './address-list.ts';
export { createOutgoing, type OutgoingOptions } from './outgoing.ts';
