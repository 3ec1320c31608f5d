/** The id of something registered with `registerKerasSerializable`: `'package>name'`. */
export type Registered = `${string}>${string}`;
