/**
 * The asking side of catch-up by ranges: asks, takes the answer, and asks again where the two sets still differ, until
 * it knows what each side lacks. All state is here, none at the peer; and whatever the peer answers, it ends within
 * its rounds with a reason. SPEC section "Ranges".
 */

import { equalBytes } from '../../crypto/bytes.ts'
import { recordIdOfHash } from '../identity.ts'
import {
  rangeHaveMax,
  rangeIdsMax,
  rangeListMax,
  rangeMessageBytesMax,
  rangeRoundsMax,
  rangesMax,
} from '../limits.ts'
import type { Failure, RecordId, Result, Seconds } from '../types.ts'
import { areApart, type Bound, boundAt, compareBounds, type Span, spansUntil, without } from './bound.ts'
import { fingerprint, sampleCheck, shortIds } from './fingerprint.ts'
import { type Answer, type Asked, matchAnswer, outside } from './match.ts'
import { decodeRangeAnswer, encodeRangeRequest, type Sample } from './messages.ts'
import type { RangeIndex } from './range-index.ts'
import { packedBytesMax, type Segment, SegmentPacker } from './segments.ts'
import { cutEvenly, listedItemsMax, type Ranked, rankedIn } from './split.ts'

/** What this node lacks and the peer says that it has. Binds that peer only: another may have it all the same. */
export type Want = Span &
  ({ readonly mode: 'all' } | { readonly mode: 'ids'; readonly ids: readonly number[] })

export interface RangeOutcome {
  /** `partial`: there is more than one session may find; the next one goes on. */
  readonly end: 'equal' | 'differs' | 'partial'
  /** What the peer lacks, members and retractions first. */
  readonly have: readonly RecordId[]
  /** In order and apart: members and retractions first. */
  readonly need: readonly Want[]
  readonly rounds: number
  /** Whether equal sums stood for different ids: `refuted` when the lists, then compared, were the same. */
  readonly collision: 'none' | 'found' | 'refuted'
}

export type RangeFault = 'range-malformed' | 'range-outside' | 'range-stalled' | 'range-busy'

export interface RangeSession {
  /** The next request; undefined when nothing is left to ask, and `outcome` says what was found. */
  request(): Uint8Array | undefined
  /** Takes the answer to the last request. After a failure the session has ended. */
  take(bytes: Uint8Array): Result<undefined, RangeFault>
  outcome(): RangeOutcome
  /** Hashes that it took so far, for the account of work. */
  readonly hashes: number
}

/** A range that is not settled yet. It is asked for by its sum; or, as it differs, cut further; or by ids, however many. */
interface Open extends Span {
  readonly by: 'sum' | 'cut' | 'ids'
}

/** Room for the map around the ranges. */
const overheadBytes = 128
const piecesMax = 16
/** Own items hashed for one answer: beyond, its ranges are asked for again. */
const answerHashesMax = 2 * rangeIdsMax

/** `salt`: chance, drawn for this session. `until`: now less the time in which gossip settles. */
export function openRanges(
  index: RangeIndex,
  { salt, until }: { readonly salt: Uint8Array; readonly until: Seconds },
): RangeSession {
  return new Session(index, salt, until)
}

class Session implements RangeSession {
  readonly #index: RangeIndex
  readonly #salt: Uint8Array
  readonly #until: Seconds
  #open: readonly Open[] = []
  #asked: readonly Asked[] = []
  /** With the place where the range begins in which each was found. */
  readonly #have = new Map<RecordId, number>()
  readonly #need: Want[] = []
  #suspect: Span | undefined
  #collision: RangeOutcome['collision'] = 'none'
  #isPartial = false
  #isOver = false
  #rounds = 0
  #hashes = 0

  constructor(index: RangeIndex, salt: Uint8Array, until: Seconds) {
    this.#index = index
    this.#salt = salt
    this.#until = until
    const spans = spansUntil(until)
    const isEmpty = spans.map(span => rankedIn(index, span)).every(({ first, end }) => first === end)
    if (!isEmpty) return
    // The bulk path: who has nothing need not ask what differs.
    this.#need.push(...spans.map(span => ({ ...span, mode: 'all' as const })))
    this.#isOver = true
  }

  request(): Uint8Array | undefined {
    if (this.#isOver) return undefined
    const isFirst = this.#rounds === 0
    if (!isFirst && this.#open.length === 0) return undefined
    if (this.#rounds === rangeRoundsMax) {
      this.#isPartial = true
      return undefined
    }
    const packer = new SegmentPacker()
    this.#asked = isFirst ? this.#whole(packer) : this.#next(packer)
    // Whatever was open may have left the set meanwhile.
    if (packer.count === 0) return undefined
    this.#rounds++
    return encodeRangeRequest({ salt: this.#salt, until: this.#until, sample: isFirst }, packer.bytes())
  }

  take(bytes: Uint8Array): Result<undefined, RangeFault> {
    const read = decodeRangeAnswer(bytes)
    if (!read.ok) return this.#fail(read)
    if ('refused' in read.value) {
      return this.#fail({ ok: false, code: 'range-busy', message: 'The peer answers others at the moment.' })
    }
    const { segments, sample } = read.value
    const matched = matchAnswer(this.#asked, segments)
    if (!matched.ok) return this.#fail(matched)
    const suspect = this.#suspectIn(sample)
    if (!suspect.ok) return this.#fail(suspect)
    const { pairs, later } = matched.value
    this.#judge(segments, later)
    const open: Open[] = suspect.value === undefined ? [] : [{ ...suspect.value, by: 'ids' }]
    const hole = suspect.value ?? nowhere
    const hashesMax = this.#hashes + answerHashesMax
    for (const { segment, asked } of pairs) {
      if (areApart(segment, hole)) open.push(...this.#read(segment, asked, hashesMax))
      else open.push(...without(segment, hole).map(({ from, to }) => ({ from, to, by: 'sum' as const })))
    }
    for (const asked of later) {
      open.push(...without(asked, hole).map(({ from, to }) => ({ from, to, by: asked.mode })))
    }
    this.#suspect = suspect.value ?? this.#suspect
    this.#open = [...open, ...this.#open].sort(inOrder)
    this.#asked = []
    return { ok: true, value: undefined }
  }

  outcome(): RangeOutcome {
    const need = joined(this.#need.toSorted(inOrder))
    const isEqual = need.length === 0 && this.#have.size === 0
    return {
      end: this.#isPartial ? 'partial' : isEqual ? 'equal' : 'differs',
      have: [...this.#have].sort(([, a], [, b]) => a - b).map(([id]) => id),
      need,
      rounds: this.#rounds,
      collision: this.#collision,
    }
  }

  get hashes(): number {
    return this.#hashes
  }

  #whole(packer: SegmentPacker): readonly Asked[] {
    const asked = spansUntil(this.#until).map(span => this.#bySum(rankedIn(this.#index, span)))
    for (const one of asked) packer.add(one)
    return asked
  }

  /** As much of what is open as one message holds; the rest stays open. */
  #next(packer: SegmentPacker): readonly Asked[] {
    const asked: Asked[] = []
    let ids = 0
    for (const [at, open] of this.#open.entries()) {
      const range = rankedIn(this.#index, open)
      const count = range.end - range.first
      if (count === 0 && open.by !== 'sum') {
        this.#need.push({ from: open.from, to: open.to, mode: 'all' })
        continue
      }
      const isListed = open.by !== 'sum' && count <= (open.by === 'ids' ? rangeListMax : listedItemsMax)
      const listed = isListed ? count : 0
      const pieces = open.by === 'sum' || isListed ? 1 : piecesMax
      const isFull =
        asked.length + pieces > rangesMax ||
        ids + listed > rangeIdsMax ||
        packer.size + packedBytesMax(pieces, listed) > rangeMessageBytesMax - overheadBytes
      if (isFull) {
        this.#open = this.#open.slice(at)
        return asked
      }
      const parts = isListed
        ? [this.#byIds(range)]
        : cutEvenly(this.#index, range, pieces).map(piece => this.#bySum(piece))
      for (const part of parts) packer.add(part)
      asked.push(...parts)
      ids += listed
    }
    this.#open = []
    return asked
  }

  #bySum({ from, to, first, end }: Ranked): Asked {
    return { from, to, mode: 'sum', sum: this.#sum(first, end) }
  }

  #byIds({ from, to, first, end }: Ranked): Asked {
    const listed = this.#index.ids(first, end)
    return { from, to, mode: 'ids', ids: this.#shorts(listed), listed }
  }

  /** What the answer says of one range; returns what is still open of it. */
  #read(segment: Answer, asked: Asked, hashesMax: number): readonly Open[] {
    const { from, to } = segment
    if (segment.mode === 'diff') {
      const { listed } = asked.mode === 'ids' ? asked : { listed: new Uint8Array() }
      this.#lacking(from, listed, segment.lacks)
      this.#wanted(segment, segment.ids)
      return []
    }
    const { first, end } = rankedIn(this.#index, segment)
    const count = end - first
    if (segment.mode === 'sum') {
      if (equalBytes(this.#sum(first, end), segment.sum)) return []
      if (count > 0) return [{ from, to, by: 'cut' }]
      this.#need.push({ from, to, mode: 'all' })
      return []
    }
    const isEmpty = segment.ids.length === 0
    if (!isEmpty && (count > rangeListMax || this.#hashes + count > hashesMax)) {
      return [{ from, to, by: 'cut' }]
    }
    // One more than there is room for is enough to know that there is no room.
    const own = this.#index.ids(first, Math.min(end, first + rangeHaveMax + 1))
    const shorts = isEmpty ? [] : this.#shorts(own)
    const theirs = new Set(segment.ids)
    const ours = new Set(shorts)
    const lacks = Array.from({ length: own.length / 32 }, (_, item) => !theirs.has(shorts[item] ?? -1))
    this.#lacking(from, own, lacks)
    this.#wanted(
      segment,
      segment.ids.filter(id => !ours.has(id)),
    )
    return []
  }

  #lacking({ place }: Bound, ids: Uint8Array, marks: readonly boolean[]): void {
    for (const [item, isLacking] of marks.entries()) {
      if (!isLacking) continue
      if (this.#have.size >= rangeHaveMax) this.#isPartial = true
      else this.#have.set(recordIdOfHash(ids.subarray(item * 32, (item + 1) * 32)), place)
    }
  }

  #wanted({ from, to }: Span, ids: readonly number[]): void {
    if (ids.length > 0) this.#need.push({ from, to, mode: 'ids', ids })
  }

  /** The sample's range, when its sum is the same here, and its ids are not. */
  #suspectIn(sample: Sample | undefined): Result<Span | undefined, 'range-outside'> {
    if (sample === undefined) return { ok: true, value: undefined }
    const { from, to, nonce } = sample
    const isInside = spansUntil(this.#until).some(
      span => compareBounds(span.from, from) <= 0 && compareBounds(to, span.to) <= 0,
    )
    if (this.#rounds !== 1 || !isInside) return outside('a sample that was not asked for')
    const { first, end } = rankedIn(this.#index, sample)
    if (!equalBytes(this.#sum(first, end), sample.sum)) return { ok: true, value: undefined }
    if (end - first > rangeListMax) return outside('a sample of too many items')
    const check = sampleCheck(this.#index, first, end, { salt: this.#salt, nonce })
    return { ok: true, value: equalBytes(check, sample.check) ? undefined : { from, to } }
  }

  /** What became of a suspect range, once its lists have been compared. */
  #judge(segments: readonly Segment[], later: readonly Asked[]): void {
    const suspect = this.#suspect
    if (suspect === undefined) return
    const isOf = (span: Span): boolean => !areApart(span, suspect)
    if (!this.#asked.some(isOf) || later.some(isOf)) return
    this.#collision = segments.some(isOf) ? 'found' : 'refuted'
    this.#suspect = undefined
  }

  #sum(first: number, end: number): Uint8Array {
    this.#hashes++
    return fingerprint(this.#index, first, end, this.#salt)
  }

  #shorts(ids: Uint8Array): readonly number[] {
    this.#hashes += ids.length / 32
    return shortIds(ids, this.#salt)
  }

  #fail(failure: Failure<RangeFault>): Failure<RangeFault> {
    this.#isOver = true
    this.#isPartial = true
    return failure
  }
}

const nowhere: Span = { from: boundAt(0), to: boundAt(0) }

function inOrder(a: Span, b: Span): number {
  return compareBounds(a.from, b.from)
}

/** Neighbouring ranges that are wanted whole become one. */
function joined(wants: readonly Want[]): readonly Want[] {
  const out: Want[] = []
  for (const want of wants) {
    const last = out.at(-1)
    const isNext = last?.mode === 'all' && want.mode === 'all' && compareBounds(last.to, want.from) === 0
    if (isNext) out[out.length - 1] = { from: last.from, to: want.to, mode: 'all' }
    else out.push(want)
  }
  return out
}
