/**
 * The kept entries that stand near a query, by words and by meaning: ranked lists, with what each was found by. The model
 * has a time to embed in; what is not embedded by then is answered by words alone.
 */

import type { EntryCid } from '../../protocol/types.ts'
import type { Pause } from '../../store/ports.ts'
import type { RecallRequest } from '../api.ts'
import { queryTexts } from '../pipeline/recall.ts'
import type { Ports } from '../ports.ts'
import type { KeptSet } from './kept-set.ts'
import type { RecentQueries } from './recent-queries.ts'

export interface SearchDeps {
  readonly ports: Ports
  readonly kept: KeptSet
  readonly queries: RecentQueries
  /** Whether an entry's author may be heard here on its own. */
  readonly isAdmissible: (cid: EntryCid) => boolean
}

/** Candidates taken from each list. */
const listLength = 50

export interface Found {
  /** Ranked lists of admissible entries. */
  readonly lists: EntryCid[][]
  /** Entries of strangers that stood among the best: counted, and handed out only where independent ones agree. */
  readonly strangers: Set<EntryCid>
  /** Ranked lists in which they stood. */
  readonly mixedLists: EntryCid[][]
  readonly cosine: Map<EntryCid, number>
  readonly coverage: Map<EntryCid, number>
}

export class Search {
  readonly #deps: SearchDeps

  constructor(deps: SearchDeps) {
    this.#deps = deps
  }

  async find(request: RecallRequest, budgetMs: number): Promise<Found> {
    const { kept } = this.#deps
    const texts = queryTexts(request)
    const pause: Pause = units => this.#deps.ports.cpu.spend('scan', units)
    const found: Found = {
      lists: [],
      strangers: new Set(),
      mixedLists: [],
      cosine: new Map(),
      coverage: new Map(),
    }
    const lexical = async (): Promise<void> => {
      for (const { words } of texts) {
        await this.#gather(
          found,
          accept => kept.searchWords(words, listLength, pause, accept),
          hit => raise(found.coverage, hit.id as EntryCid, hit.coverage),
        )
      }
    }
    // The model works on a thread of its own while the words are looked up.
    const meanings = texts.map(({ meaning }) => meaning)
    const [vectors] = await Promise.all([this.#embed(meanings, budgetMs), lexical()])
    for (const vector of vectors) {
      let served = 0
      await this.#gather(
        found,
        accept => kept.searchMeaning(vector, listLength, pause, accept),
        hit => {
          raise(found.cosine, hit.id as EntryCid, hit.cosine)
          if (this.#deps.isAdmissible(hit.id as EntryCid)) served = Math.max(served, hit.cosine)
        },
      )
      this.#deps.queries.note(vector, served)
    }
    return found
  }

  /** Searches once; and once more among the admissible when strangers stand in the way, so that a flood hides nothing. */
  async #gather<Hit extends { readonly id: string }>(
    found: Found,
    search: (accept?: (cid: EntryCid) => boolean) => Promise<readonly Hit[]>,
    note: (hit: Hit) => void,
  ): Promise<void> {
    const admissible = this.#deps.isAdmissible
    let hits = await search()
    const strangers = hits.filter(hit => !admissible(hit.id as EntryCid))
    if (strangers.length > 0) {
      found.mixedLists.push(hits.map(hit => hit.id as EntryCid))
      hits = await search(admissible)
    }
    for (const hit of strangers) found.strangers.add(hit.id as EntryCid)
    for (const hit of [...hits, ...strangers]) note(hit)
    found.lists.push(hits.map(hit => hit.id as EntryCid))
  }

  /** Nothing when the model does not answer within the budget: words alone are better than no answer. */
  async #embed(texts: readonly string[], budgetMs: number): Promise<readonly Float32Array[]> {
    const { clock, embedder, log } = this.#deps.ports
    if (texts.length === 0) return []
    return await clock.within(budgetMs, undefined, async signal => {
      try {
        return await embedder.embed(texts, signal)
      } catch (cause) {
        if (signal.aborted) log('debug', 'The query was not embedded in time.', { budgetMs })
        else
          log('error', 'The query could not be embedded; it is answered by words.', { cause: String(cause) })
        return []
      }
    })
  }
}

function raise(best: Map<EntryCid, number>, cid: EntryCid, value: number): void {
  if (value > (best.get(cid) ?? 0)) best.set(cid, value)
}
