//! One rule table under two engines: the penalties of the retail award as a decision table that
//! zen-engine evaluates, and as the tables that ours compiles them to.
//!
//! The rows come from the shipped pack, so that neither side can have others. Every input (kind of
//! employment, kind of day, time of day) is asked of both before anything is timed, and both must
//! give the same percentage. Ours then does more than was asked: it looks the award, its version and
//! the classification up, resolves the local time, and gives a line with rate and amount.

mod ours;
mod table;
mod timing;

use clap::Parser;
use zen_engine::Decision;
use zen_engine::model::GraphContent;

/// The allocator that the appliance runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// zen-engine beside ours on the penalties of MA000004
#[derive(Debug, Parser)]
struct Flags {
    /// Samples of each engine, taken in turns
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1000))]
    samples: u32,
    /// Print the decision table as JSON and end
    #[arg(long)]
    table: bool,
}

fn main() {
    let flags = Flags::parse();
    let version = ours::version();
    let graph = table::graph(&version);
    if flags.table {
        println!("{graph:#}");
        return;
    }
    let rows = table::rows(&version).len();
    let content: GraphContent = serde_json::from_value(graph).expect("a decision graph");
    let mut decision = Decision::from(content);
    // Expressions to bytecode and an index over the rows: what the crate has for speed.
    decision.compile();

    let inputs = table::inputs();
    let book = ours::book(&version);
    let mut ours = ours::Ours::new(&book, &inputs);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let contexts: Vec<_> = inputs.iter().map(table::Input::context).collect();
    runtime.block_on(async {
        for (at, (input, context)) in inputs.iter().zip(&contexts).enumerate() {
            let answer = decision.evaluate(context.clone()).await.expect("an evaluation");
            let theirs = table::percent(&answer.result);
            assert_eq!(theirs, Some(ours.percent(at)), "{input:?}: {:?}", answer.result);
        }
        println!("{} inputs, {rows} rows: the same percentage from both", inputs.len());

        let count = inputs.len();
        let mut theirs_ns = timing::Samples::default();
        let mut ours_ns = timing::Samples::default();
        let mut calls = (1, 1);
        // Both in turns, so that a busy moment of the machine is in both.
        for sample in 0..=flags.samples {
            let theirs = timing::sample(&mut calls.0, async || {
                for context in &contexts {
                    let answer = decision.evaluate(std::hint::black_box(context.clone())).await;
                    std::hint::black_box(answer.is_ok());
                }
            })
            .await;
            let own = timing::sample(&mut calls.1, async || {
                for at in 0..count {
                    std::hint::black_box(ours.price(std::hint::black_box(at)));
                }
            })
            .await;
            // The first sample warms both up.
            if sample != 0 {
                theirs_ns.push(theirs, count);
                ours_ns.push(own, count);
            }
        }
        println!("{:<34}{:>10}{:>10}{:>10}", "ns per evaluation", "min", "median", "max");
        println!("{}", theirs_ns.line("zen-engine, compiled table"));
        println!("{}", ours_ns.line("ours, to a priced line"));
        let ratio = theirs_ns.median() / ours_ns.median();
        println!("zen-engine / ours: {ratio:.1} (target: at least 10)");
    });
}
