//! Whether operations on one subject were done in the order of their 202s.

use std::time::Duration;

use gateway::tracking::State;

use super::{Post, Story, Told, Truth, marked, name};
use crate::world::World;

/// Two operations that are accepted within this time have the queue's order, if the queue knows both.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// Of two operations on one subject whose caller awaited the first one's 202, the second begins after the first has ended.
pub(super) fn out_of_order(world: &World, posts: &[Post], stories: &[Story], truth: &Truth) -> Vec<String> {
    let mut wrongs = Vec::new();
    let told: Vec<(&Post, &Story)> = posts
        .iter()
        .filter(|post| matches!(post.told, Told::Accepted(_)))
        .filter_map(|post| Some((post, marked(stories, &post.mark).next()?)))
        .collect();
    let first_sent = |mark: &str| {
        let sent = posts.iter().filter(|post| post.mark == mark).map(|post| post.sent_at);
        sent.min().unwrap_or_default()
    };
    for (earlier_post, earlier) in &told {
        for (later_post, later) in &told {
            let awaited = earlier_post.answered_at < first_sent(&later_post.mark);
            let alike = earlier.row.subject == later.row.subject && earlier.row.id != later.row.id;
            if !awaited || !alike || unknown_when_begun(world, earlier, later) {
                continue;
            }
            let end = earlier.ended_at.unwrap_or(Duration::MAX);
            let begun = truth.of_operation(later.row.id).first().map(|(age, _)| *age);
            let over = later.ended_at.filter(|_| later.row.state != State::Cancelled);
            if begun.is_some_and(|begun| begun < end) || over.is_some_and(|over| over < end) {
                wrongs.push(format!("{} went before {}", name(&later.row), name(&earlier.row)));
            }
        }
    }
    wrongs
}

/// The queue lost the message of one of two operations before its place in the order was known, and they were accepted so
/// closely that clocks cannot tell their order.
pub(super) fn unknown_to_the_queue(world: &World, one: &Story, other: &Story) -> bool {
    unknown_when_begun(world, one, other) || unknown_when_begun(world, other, one)
}

/// The same, when the later one was first taken up: a place that becomes known after that changes nothing.
fn unknown_when_begun(world: &World, earlier: &Story, later: &Story) -> bool {
    let begun = later.begun_at.or(later.ended_at).unwrap_or(Duration::MAX);
    let unseen = |story: &Story| {
        let known = story.sequenced_at.is_some_and(|at| at <= begun);
        !known && world.message_was_lost(story.row.id)
    };
    let (one_at, other_at) = (earlier.row.accepted_at, later.row.accepted_at);
    let apart = one_at.since(other_at).max(other_at.since(one_at));
    // If the queue knew neither, the sweep goes by clocks, which are not so far apart.
    let by_clock = unseen(earlier) && unseen(later) && apart > crate::world::CLOCKS_APART;
    let unknown = (unseen(earlier) || unseen(later)) && apart <= CLOCKS_APART && !by_clock;
    if unknown {
        world.tally.note("pairs whose order the queue never knew", 1);
    }
    unknown
}
