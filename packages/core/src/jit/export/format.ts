/** What the metadata of a file call a program. */
export const FORMAT = 'keratin.program';
/** Files of later versions are refused; older ones are read. */
export const VERSION = 1;
