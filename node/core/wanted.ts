/**
 * What is announced in a swarm and not kept here: fetched when it is wanted, as far as the queue of fetches takes
 * it, and gone through again, each of them once, when something has changed.
 */

import { pageRecordsMax } from '../../protocol/limits.ts'
import type { DigestRecord, EntryCid, PeerId, RecordId } from '../../protocol/types.ts'
import type { Fetcher } from '../pipeline/fetch/fetch.ts'
import type { Cpu } from '../ports.ts'
import type { Ledger } from './ledger.ts'

export interface WantedDeps {
  readonly cpu: Cpu
  readonly ledger: Ledger
  readonly signal: AbortSignal
  readonly isKept: (cid: EntryCid) => boolean
  /** A digest of an entry that is kept already. */
  readonly onKnown: (digest: DigestRecord) => Promise<void>
  /** Whether anything of this author may be kept at present. */
  readonly hasRoomFor: (author: PeerId) => boolean
  /** How urgently a digest's entry is wanted; undefined when it is not. */
  readonly worth: (digest: DigestRecord) => number | undefined
  readonly inBackground: (work: Promise<void>) => void
}

export class WantedEntries {
  readonly #deps: WantedDeps
  /** Digests of entries that are not kept here, and who announces them. */
  readonly #missing = new Map<RecordId, PeerId>()
  #fetcher: Fetcher | undefined
  #wanting: Promise<void> | undefined
  #wantAgain = false
  /** Wanted while records are taken over in pages; and how many do that now. */
  #held: { readonly digest: DigestRecord; readonly from: PeerId | undefined }[] = []
  #holding = 0

  constructor(deps: WantedDeps) {
    this.#deps = deps
  }

  /** From now on there is a network to fetch from. */
  fetchWith(fetcher: Fetcher): void {
    this.#fetcher = fetcher
    this.all()
  }

  /** Read back at start: fetched when there is a network. */
  note(digest: DigestRecord): void {
    const { author, body } = digest.envelope
    if (!this.#deps.isKept(body.cid)) this.#missing.set(digest.id, author)
  }

  /** Fetches what is announced and not here, as far as it is wanted. */
  all(): void {
    if (this.#wanting !== undefined) {
      this.#wantAgain = true
      return
    }
    this.#wanting = this.#goThrough().finally(() => {
      this.#wanting = undefined
      const again = this.#wantAgain
      this.#wantAgain = false
      if (again) this.all()
    })
    this.#deps.inBackground(this.#wanting)
  }

  async #goThrough(): Promise<void> {
    const { cpu, ledger, signal } = this.#deps
    const fitting = this.#fitting()
    await cpu.spend('scan', this.#missing.size)
    for (const id of fitting) {
      await cpu.spend('decode', 1)
      if (signal.aborted) return
      if (this.#fetcher?.has(id)) continue
      const record = ledger.set.has(id) ? ledger.record(id) : undefined
      if (record?.type === 'digest') {
        // Waits and goes on from here: from the first one again, those that nobody delivers would keep out the rest.
        while (!this.#request(record, undefined) && !signal.aborted) await this.#fetcher?.idle()
      } else if (!ledger.set.holds(id)) this.#missing.delete(id)
    }
  }

  /** Most of what is missing is of authors who have had their share: that is seen without reading it. */
  #fitting(): readonly RecordId[] {
    const authors = new Set([...new Set(this.#missing.values())].filter(this.#deps.hasRoomFor))
    return [...this.#missing].filter(([, author]) => authors.has(author)).map(([id]) => id)
  }

  /** The entry is here now. */
  settled(cid: EntryCid): void {
    for (const { id } of this.#deps.ledger.set.digests(cid)) this.#missing.delete(id)
  }

  /** This digest is not to be believed; another one of the same entry may be. */
  dismiss(digest: DigestRecord): void {
    this.#missing.delete(digest.id)
  }

  /** The entry was here, and is not any more. */
  evicted(cid: EntryCid): void {
    for (const { author, id } of this.#deps.ledger.set.digests(cid)) this.#missing.set(id, author)
  }

  /** What finds no room to wait is fetched when those before it are through. */
  want(digest: DigestRecord, from: PeerId | undefined): void {
    this.#held.push({ digest, from })
    // While several peers hand out page after page, some page is always under way.
    if (this.#holding === 0 || this.#held.length >= pageRecordsMax) this.#release()
  }

  #release(): void {
    for (const { digest, from } of this.#held.splice(0)) if (!this.#request(digest, from)) this.all()
  }

  /** What a page of records announces is asked for together: one by one, the first would each cost a request of its own. */
  async *together<T>(page: AsyncIterable<T>): AsyncGenerator<T> {
    this.#holding++
    try {
      yield* page
    } finally {
      this.#holding--
      if (this.#holding === 0) this.#release()
    }
  }

  /** False when no more can wait to be fetched now. */
  #request(digest: DigestRecord, from: PeerId | undefined): boolean {
    const { inBackground, isKept, onKnown, worth } = this.#deps
    const { author, body } = digest.envelope
    if (isKept(body.cid)) {
      inBackground(onKnown(digest))
      return true
    }
    // What is not wanted now may be when the owner says so.
    this.#missing.set(digest.id, author)
    if (worth(digest) === undefined || this.#fetcher === undefined) return true
    return this.#fetcher.want({ digest, from })
  }
}
