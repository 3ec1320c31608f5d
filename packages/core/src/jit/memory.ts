import {InternalError} from '../errors.js';
import {layOutArena, type Life} from './arena.js';
import {type Scalar} from './ir.js';
import {type Buffer, type Instruction, isWhole, type Lowered, type Place} from './lower.js';

/** Where everything lies: the instructions that run, and the arena's layout. */
export interface Planned {
  readonly instructions: readonly Instruction[];
  readonly arenaBytes: number;
  /** The most bytes of it that are needed at one time: no layout takes less. */
  readonly liveBytes: number;
  /** The buffer that stands for another one with which it shares its memory. */
  readonly rootOf: (buffer: Buffer) => Buffer;
  readonly offsetOf: (buffer: Buffer) => number;
}

/**
 * Decides which values share memory: what a kernel changes in place, what an elementwise function may overwrite (with `reuse`), what
 * becomes a Variable's value. Then lays out the rest in one arena by the times in which values are needed.
 */
export function planMemory(lowered: Lowered, {reuse = true}: {readonly reuse?: boolean} = {}): Planned {
  const plan = new MemoryPlan(lowered);
  plan.changeInPlace();
  plan.storeVariables(reuse);
  if (reuse) plan.overwrite();
  return plan.layOut();
}

class MemoryPlan {
  readonly #lowered: Lowered;
  readonly #parents = new Map<Buffer, Buffer>();
  readonly #lives = new Map<Buffer, Life>();
  // Copies that run before an instruction.
  readonly #before = new Map<number, Instruction[]>();
  readonly #end: Instruction[] = [];

  constructor(lowered: Lowered) {
    this.#lowered = lowered;
    lowered.instructions.forEach((instruction, i) => {
      visitBuffers(instruction, (buffer) => this.#use(buffer, i));
    });
    const after = lowered.instructions.length;
    for (const {from} of lowered.stores) if (from.kind === 'place') this.#use(from.buffer, after);
    for (const buffer of lowered.results) this.#use(buffer, after);
  }

  #use(buffer: Buffer, at: number): void {
    const life = this.#lives.get(buffer);
    if (life === undefined) this.#lives.set(buffer, {first: buffer.slot?.kind === 'external' ? -1 : at, last: at});
    else life.last = Math.max(life.last, at);
  }

  #root(buffer: Buffer): Buffer {
    let at = buffer;
    for (let next = this.#parents.get(at); next !== undefined; next = this.#parents.get(at)) at = next;
    return at;
  }

  #life(buffer: Buffer): Life {
    const root = this.#root(buffer);
    let life = this.#lives.get(root);
    if (life === undefined) {
      life = {first: root.slot?.kind === 'external' ? -1 : 0, last: -1};
      this.#lives.set(root, life);
    }
    return life;
  }

  /** From now on both are the same memory, that of `into`. */
  #merge(buffer: Buffer, into: Buffer): void {
    const from = this.#root(buffer);
    const to = this.#root(into);
    if (from === to) return;
    const a = this.#life(from);
    const b = this.#life(to);
    b.first = Math.min(a.first, b.first);
    b.last = Math.max(a.last, b.last);
    this.#parents.set(from, to);
  }

  #isWritable(buffer: Buffer): boolean {
    const {slot} = this.#root(buffer);
    return slot?.kind !== 'external' || this.#lowered.externals[slot.index]?.writable === true;
  }

  /** Kernels that change their outputs: over the old value where nobody needs it afterwards, else over a copy of it. */
  changeInPlace(): void {
    this.#lowered.instructions.forEach((instruction, i) => {
      instruction.becomes.forEach((old, k) => {
        const output = instruction.outputs[k];
        if (output === undefined) throw new InternalError('a kernel changes nothing');
        const root = old.kind === 'place' ? this.#root(old.buffer) : null;
        const again = instruction.becomes.some(
          (other, j) => j !== k && other.kind === 'place' && root !== null && this.#root(other.buffer) === root,
        );
        const read = instruction.inputs.some((input) => input.kind === 'place' && this.#root(input.buffer) === root);
        const free =
          old.kind === 'place' &&
          isWhole(old) &&
          !again &&
          !read &&
          root !== null &&
          root.slot?.kind !== 'result' &&
          this.#isWritable(root) &&
          this.#life(root).last <= i &&
          this.#root(output.buffer).slot === null;
        if (free) this.#merge(output.buffer, root);
        else this.#insert(i, copy(old, output));
      });
    });
  }

  #insert(before: number, instruction: Instruction): void {
    const list = this.#before.get(before) ?? [];
    list.push(instruction);
    this.#before.set(before, list);
  }

  /** What a Variable becomes is computed in its own memory where nobody needs the old value by then, else copied there. */
  storeVariables(reuse: boolean): void {
    const moves: {from: Place | Scalar; to: Place}[] = [];
    for (const {from, to} of this.#lowered.stores) {
      if (from.kind === 'place' && this.#root(from.buffer) === this.#root(to.buffer) && isWhole(from)) continue;
      if (reuse && from.kind === 'place' && this.#canBecome(from, to)) this.#merge(from.buffer, to.buffer);
      else moves.push({from, to});
    }
    // A value that lies in a Variable's memory may be overwritten by another move: those go by way of a copy.
    const late = moves.map(({from, to}) => {
      if (from.kind !== 'place' || this.#root(from.buffer).slot?.kind !== 'external') return {from, to};
      const aside: Place = {...to, buffer: {bytes: to.buffer.bytes, slot: null}};
      this.#end.push(copy(from, aside));
      return {from: aside, to};
    });
    for (const {from, to} of late) this.#end.push(copy(from, to));
    const end = this.#lowered.instructions.length;
    for (const instruction of this.#end) visitBuffers(instruction, (buffer) => this.#use(this.#root(buffer), end));
  }

  #canBecome(from: Place, to: Place): boolean {
    const root = this.#root(from.buffer);
    if (root.slot !== null || !isWhole(from)) return false;
    const {first} = this.#life(root);
    const {last} = this.#life(to.buffer);
    if (last < first) return true;
    return last === first && this.#mayOverwrite(first, to.buffer, root);
  }

  /** Whether an instruction may write `output` over `input`: it reads the same element of it only, and of no other view. */
  #mayOverwrite(at: number, input: Buffer, output: Buffer): boolean {
    const instruction = this.#lowered.instructions[at];
    if (instruction === undefined || this.#before.has(at)) return false;
    const into = instruction.outputs.findIndex(({buffer}) => this.#root(buffer) === this.#root(output));
    const target = instruction.outputs[into];
    if (target === undefined || !isWhole(target)) return false;
    if (instruction.outputs.some(({buffer}, i) => i !== into && this.#root(buffer) === this.#root(input))) return false;
    if (instruction.dynamic.some((each) => 'place' in each && this.#root(each.place.buffer) === this.#root(input)))
      return false;
    return instruction.inputs.every((place, i) => {
      if (place.kind === 'scalar' || this.#root(place.buffer) !== this.#root(input)) return true;
      const allowed = instruction.mayShare.some(([from, to]) => from === i && to === into);
      return allowed && isWhole(place) && place.dtype === target.dtype;
    });
  }

  /** Outputs of elementwise functions take the memory of inputs that nobody needs afterwards. */
  overwrite(): void {
    this.#lowered.instructions.forEach((instruction, i) => {
      for (const [input, output] of instruction.mayShare) {
        const from = instruction.inputs[input];
        const to = instruction.outputs[output];
        if (from?.kind !== 'place' || to === undefined) continue;
        const source = this.#root(from.buffer);
        const target = this.#root(to.buffer);
        if (source === target || source.slot !== null || source.bytes !== target.bytes) continue;
        // The output must begin here, else its memory may hold something that is needed.
        if (this.#life(source).last !== i || this.#life(target).first !== i) continue;
        if (!isWhole(from) || !this.#mayOverwrite(i, source, target)) continue;
        if (target.slot === null) this.#merge(target, source);
        else if (target.slot.kind === 'result') this.#merge(source, target);
      }
    });
  }

  layOut(): Planned {
    const {instructions} = this.#lowered;
    const all = instructions.flatMap((instruction, i) => [...(this.#before.get(i) ?? []), instruction]);
    all.push(...this.#end);
    const roots = new Set<Buffer>();
    for (const instruction of all) visitBuffers(instruction, (buffer) => roots.add(this.#root(buffer)));
    const living = [...roots].filter(({slot}) => slot === null);
    const {bytes, liveBytes, offsets} = layOutArena(
      living.map((buffer) => ({bytes: buffer.bytes, ...this.#life(buffer)})),
    );
    const offsetOf = new Map(living.map((buffer, i) => [buffer, offsets[i] ?? 0]));
    return {
      instructions: all,
      arenaBytes: bytes,
      liveBytes,
      rootOf: (buffer) => this.#root(buffer),
      offsetOf: (buffer) => offsetOf.get(this.#root(buffer)) ?? 0,
    };
  }
}

/** Every buffer that an instruction touches, perhaps more than once. */
function visitBuffers({inputs, outputs, dynamic, becomes}: Instruction, visit: (buffer: Buffer) => void): void {
  for (const place of inputs) if (place.kind === 'place') visit(place.buffer);
  for (const place of outputs) visit(place.buffer);
  for (const each of dynamic) if ('place' in each) visit(each.place.buffer);
  for (const place of becomes) if (place.kind === 'place') visit(place.buffer);
}

function copy(from: Place | Scalar, to: Place): Instruction {
  const empty = {op: 'assign', outputs: [to], dynamic: [], mayShare: [], becomes: []};
  if (from.kind === 'scalar') return {...empty, kernel: 'fill', inputs: [], attributes: [from.value]};
  return {...empty, kernel: 'copy', inputs: [from], attributes: []};
}
