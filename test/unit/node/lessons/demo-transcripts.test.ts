import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { distilled, isShareable } from './episodes.ts'

const folder = new URL('../../../../node/surface/demo-transcripts/', import.meta.url)

async function lessonsIn(file: string) {
  const lines = readFileSync(new URL(file, folder), 'utf8').trim().split('\n')
  const drafts = await distilled(lines.map((line): unknown => JSON.parse(line)))
  return { shared: drafts.filter(isShareable), held: drafts.filter(draft => !isShareable(draft)) }
}

/** The demo shows these lessons by name: whoever changes the transcripts or the patterns sees it here. */
describe('the demo transcripts', () => {
  it('teach node A these lessons', async () => {
    const { shared, held } = await lessonsIn('shop-a.jsonl')
    expect(shared.map(draft => draft.key)).toEqual([
      'call-card|write|book_tasting|after get_tasting',
      'call-card|write|refund_purchase|wallet_id=get_account.wallets[].id',
      'call-card|write|ship_parcel|after get_parcel',
      'changed-argument|origin|refund_purchase|wallet_id|nobody|get_account.wallets[].id|wallet not found',
      'explained-figures|times-length|book_tasting|amount|guests|amount does not match: expected <number>, got <number>',
      'record-field|only|ship_parcel|parcel_id|get_parcel|state|packed|only packed parcels can be shipped',
    ])
    // What somebody wrote waits for review.
    expect(held.filter(draft => draft.needsReview === true).map(draft => draft.key)).toEqual([
      'confirmed-answer|at what temperature should the white tea be brewed|at 75 degrees for three minutes',
      'confirmed-answer|do gift vouchers expire|they are valid for three years from the day of purchase',
      'confirmed-answer|within how many days can an unopened parcel of tea be sent back|within 30 days of arrival with the seal unbroken',
    ])
  })

  it('teach node C some that conflict with those of A: the same situation, another action', async () => {
    const a = (await lessonsIn('shop-a.jsonl')).shared
    const c = (await lessonsIn('shop-c.jsonl')).shared
    const conflicts = c.filter(mine =>
      a.some(
        theirs => theirs.situation === mine.situation && theirs.insight.summary !== mine.insight.summary,
      ),
    )
    expect(conflicts.map(draft => draft.key)).toEqual([
      'call-card|write|refund_purchase|wallet_id=get_purchase.payment.wallet_id',
      'changed-argument|origin|refund_purchase|wallet_id|nobody|get_purchase.payment.wallet_id|wallet not found',
    ])
  })
})
