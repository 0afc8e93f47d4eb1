/**
 * How often the lessons of an author, and each entry, helped and hurt here (behaviour.md, "Evidence and trust").
 * Whole counts are kept by day and weighed by age when asked, so that the answer depends neither on when it
 * was asked before nor on the order of events. One change at a time: the caller writes `ops`, then calls `apply`.
 */

import type { Day, EntryCid, PeerId } from '../protocol/types.ts'
import { encode, read } from './codec.ts'
import { keyOf, partsOf, prefixes, timePart } from './layout.ts'
import type { Store, StoreOp } from './ports.ts'

/** Weighed counts: not whole numbers. */
interface Counts {
  readonly helped: number
  readonly hurt: number
}

type ToldOutcome = 'helped' | 'hurt' | 'unused'

export interface Feedback {
  readonly recallId: string
  readonly cid: EntryCid
  readonly author: PeerId
  readonly outcome: ToldOutcome
  readonly day: Day
  /** Says nothing of the entry: an author may have announced what is another's. */
  readonly authorOnly?: true
  /** Nothing was recalled: the author said what this node found out later. Of the author alone, and never attested. */
  readonly shadow?: true
}

/** What happened with one author's lessons on one day: whole counts. */
export interface AuthorDay {
  readonly subject: PeerId
  readonly day: Day
  readonly helped: number
  readonly hurt: number
}

interface FeedbackChange {
  /** Empty where the same was told before. */
  readonly ops: readonly StoreOp[]
  /** Makes the change visible in `ofEntry` and `ofAuthor`; called once the batch is acknowledged. */
  apply(): void
}

const HALF_LIFE_DAYS = 30
/** Ten half-lives: what is older weighs less than a thousandth. */
const WINDOW_DAYS = 300
/** 2^(-day / 30) as written, since `Math.pow` may differ in its last bit between versions of Node. */
// biome-ignore format: a table
const DECAY = [
  1.0, 0.9771599684342459, 0.9548416039104165, 0.9330329915368074, 0.9117224885582168,
  0.8908987181403393, 0.8705505632961241, 0.8506671609508557, 0.8312378961427878, 0.8122523963562356,
  0.7937005259840998, 0.7755723809168673, 0.757858283255199, 0.7405487761432821, 0.7236346187201891,
  Math.SQRT1_2, 0.690956439983888, 0.675174973084095, 0.6597539553864471, 0.6446851542197896,
  0.6299605249474366, 0.6155722066724582, 0.6015125180410583, 0.5877739531418044, 0.5743491774985174,
  0.5612310241546865, 0.548412489847313, 0.5358867312681466, 0.5236470614103134, 0.5116869459983875,
]

interface DayCounts {
  readonly helped: number
  readonly hurt: number
}

export class Evidence {
  readonly #store: Store
  /** Subject → day → counts of that day. */
  readonly #days = new Map<string, Map<Day, DayCounts>>()

  private constructor(store: Store) {
    this.#store = store
  }

  static async load(store: Store): Promise<Evidence> {
    const evidence = new Evidence(store)
    for await (const [key, value] of store.entries({ prefix: prefixes.evidence })) {
      const [kind = '', id = '', day = ''] = partsOf(prefixes.evidence, key)
      const fields = read(key, value)
      const counts = { helped: fields.number('helped'), hurt: fields.number('hurt') }
      evidence.#set(`${kind}/${id}`, Number(day), counts)
    }
    return evidence
  }

  ofEntry(cid: EntryCid, today: Day): Counts {
    return this.#weighed(entrySubject(cid), today)
  }

  /** Shadow evidence included. */
  ofAuthor(author: PeerId, today: Day): Counts {
    const tried = this.#weighed(authorSubject(author), today)
    const shadow = this.#weighed(shadowSubject(author), today)
    return { helped: tried.helped + shadow.helped, hurt: tried.hurt + shadow.hurt }
  }

  /** Day by day, what this node's own use of lessons showed: no shadow evidence, nothing weighed. */
  *authorDays(): Iterable<AuthorDay> {
    for (const [subject, days] of this.#days) {
      if (!subject.startsWith(authorPrefix)) continue
      for (const [day, { helped, hurt }] of days)
        yield { subject: subject.slice(authorPrefix.length) as PeerId, day, helped, hurt }
    }
  }

  /** An outcome for one item of one recall. The same again changes nothing; another one replaces the first. */
  feedback({ recallId, cid, author, outcome, day, authorOnly, shadow }: Feedback): FeedbackChange {
    const key = keyOf(prefixes.feedback, recallId, cid)
    const before = this.#store.get(key)
    const told = before === undefined ? undefined : read(key, before)
    if (told?.string('outcome') === outcome) return { ops: [], apply: () => undefined }
    const changed: { subject: string; day: Day; counts: DayCounts }[] = []
    const ofAuthor = shadow === true ? shadowSubject(author) : authorSubject(author)
    const subjects = authorOnly === true || shadow === true ? [ofAuthor] : [entrySubject(cid), ofAuthor]
    for (const subject of subjects) {
      const days = new Map<Day, DayCounts>()
      const add = (when: Day, kind: string, count: number): void => {
        const { helped, hurt } = days.get(when) ??
          this.#days.get(subject)?.get(when) ?? { helped: 0, hurt: 0 }
        days.set(when, {
          helped: Math.max(0, helped + (kind === 'helped' ? count : 0)),
          hurt: Math.max(0, hurt + (kind === 'hurt' ? count : 0)),
        })
      }
      if (told !== undefined) add(told.number('day'), told.string('outcome'), -1)
      add(day, outcome, 1)
      for (const [when, counts] of days) changed.push({ subject, day: when, counts })
    }
    const rows = changed.map(({ subject, day, counts }): StoreOp => {
      const { helped, hurt } = counts
      return { type: 'put', key: rowKey(subject, day), value: encode({ helped, hurt }) }
    })
    return {
      ops: [{ type: 'put', key, value: encode({ outcome, day }) }, ...rows],
      apply: () => {
        for (const { subject, day, counts } of changed) this.#set(subject, day, counts)
      },
    }
  }

  /** Forgets the days that weigh nothing any more. */
  pruneOps(today: Day): StoreOp[] {
    const ops: StoreOp[] = []
    for (const [subject, days] of this.#days) {
      for (const day of days.keys()) {
        if (today - day < WINDOW_DAYS) continue
        days.delete(day)
        ops.push({ type: 'del', key: rowKey(subject, day) })
      }
      if (days.size === 0) this.#days.delete(subject)
    }
    return ops
  }

  #set(subject: string, day: Day, counts: DayCounts): void {
    const days = this.#days.get(subject) ?? new Map<Day, DayCounts>()
    days.set(day, counts)
    this.#days.set(subject, days)
  }

  #weighed(subject: string, today: Day): Counts {
    let helped = 0
    let hurt = 0
    // By day, so that the sum of fractions does not depend on the order in which they came.
    const days = [...(this.#days.get(subject) ?? [])].sort(([a], [b]) => a - b)
    for (const [day, counts] of days) {
      const weight = decay(today - day)
      helped += counts.helped * weight
      hurt += counts.hurt * weight
    }
    return { helped, hurt }
  }
}

/** Weight of what happened `days` days ago: a half after 30. What lies in the future (a clock set back) counts as today. */
export function decay(days: number): number {
  if (days >= WINDOW_DAYS) return 0
  const age = Math.max(0, days)
  const halvings = Math.floor(age / HALF_LIFE_DAYS)
  return (DECAY[age % HALF_LIFE_DAYS] ?? 0) / (1 << halvings)
}

function entrySubject(cid: EntryCid): string {
  return `entry/${cid}`
}

const authorPrefix = 'author/'

function authorSubject(author: PeerId): string {
  return `${authorPrefix}${author}`
}

function shadowSubject(author: PeerId): string {
  return `shadow/${author}`
}

function rowKey(subject: string, day: Day): string {
  return keyOf(`${prefixes.evidence}${subject}/`, timePart(day))
}
