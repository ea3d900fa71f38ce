/** The store in a data folder. */
export const STORE_FILE = 'tidewall.sqlite';
