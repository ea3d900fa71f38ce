declare const brand: unique symbol;

/** A `T` that only its own parser makes, so that a plain `T` cannot be passed where a checked one is wanted. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
