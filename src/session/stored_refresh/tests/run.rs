//! One interleaving of some processes.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    paths::Paths,
    stage::{End, LIMITS, Role, Stage, TIMEOUT, Task},
    view::number,
    world::{Call, CallResult, World},
};
use crate::session::{SessionData, store::SessionOwner};

/// A run that has ended.
pub(super) struct Ended {
    pub(super) owner: SessionOwner,
    pub(super) world: Arc<World>,
    pub(super) moves: Vec<Move>,
    pub(super) ends: Vec<End>,
    /// Whether the run took longer than processes wait for a refresh attempt.
    pub(super) is_slow: bool,
    pub(super) was_deleted: bool,
    /// The number of the tokens in the store.
    pub(super) stored: Option<u32>,
    /// The data in the store.
    pub(super) data: Option<SessionData>,
    /// The end of a later refresh without faults.
    pub(super) later: End,
}

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// A task gets what it waits for, or does not.
    Answer(usize, Call, CallResult),
    /// The sleep of a task is over.
    Wake(usize),
    /// A lost call takes effect.
    Arrive(usize),
    /// Two minutes pass: all processes stall.
    Stall,
    /// The lost calls never take effect.
    Stop,
}

impl Move {
    pub(super) fn is_fault(self) -> bool {
        match self {
            Self::Answer(_, _, result) => result != CallResult::Done,
            Self::Stall => true,
            Self::Wake(_) | Self::Arrive(_) | Self::Stop => false,
        }
    }
}

struct Run<'a> {
    stage: &'a Stage,
    world: &'a World,
    /// The main tasks of all processes, that of a later attempt, and the background tasks of all these.
    tasks: Vec<Task>,
    /// In seconds since the start.
    time: u16,
    moves: Vec<Move>,
}

impl Stage {
    /// Runs one interleaving to its end. `None` if what follows was explored before. The error is a violation.
    pub(super) async fn run(&self, paths: &mut Paths) -> Result<Option<Ended>, String> {
        let mut run = Run::start(self);
        loop {
            run.is_sound()?;
            let options = run.options();
            let next = match options.as_slice() {
                [] => return run.finish().await.map(Some),
                [only] => *only,
                _ => match paths.choose(|| run.fingerprint(), options.len()) {
                    Some(choice) => options[choice],
                    None => return Ok(None),
                },
            };
            run.take(next).await;
        }
    }
}

impl<'a> Run<'a> {
    fn start(stage: &'a Stage) -> Self {
        let Stage {
            key, value, owner, ..
        } = stage;
        stage.world.reset(*key, value, LIMITS.idle, *owner);
        let roles = stage.scenario.processes.iter().enumerate();
        let mut tasks: Vec<_> = roles
            .map(|(index, role)| stage.main(index, *role))
            .collect();
        tasks.resize_with(2 * stage.scenario.main_tasks(), Task::idle);
        let mut run = Self {
            tasks,
            stage,
            world: &stage.world,
            time: 0,
            moves: Vec::new(),
        };
        (0..stage.scenario.processes.len()).for_each(|task| run.poll(task));
        run
    }

    fn is_sound(&self) -> Result<(), String> {
        let violation = self.world.state().violation.clone();
        let violation = violation.or_else(|| {
            (self.moves.len() > TOO_LONG).then(|| "a process waits forever".to_owned())
        });
        violation.map_or(Ok(()), |what| Err(format!("{what}: {:?}", self.moves)))
    }

    fn options(&self) -> Vec<Move> {
        let has_gone_wrong = self.moves.iter().filter(|step| step.is_fault()).count();
        let may_go_wrong = has_gone_wrong < self.stage.scenario.faults;
        if let Some(index) = self.about_to_prepare() {
            let mut options = vec![Move::Answer(index, Call::Prepare, CallResult::Done)];
            if may_go_wrong {
                options.extend([
                    Move::Answer(index, Call::Prepare, CallResult::Lost),
                    Move::Stall,
                ]);
            }
            return options;
        }
        let under_way = self.world.under_way();
        let mut options = Vec::new();
        for (index, task) in self.tasks.iter().enumerate() {
            if task.end.is_some() {
                continue;
            }
            let Some(call) = self.world.call_of(index) else {
                options.push(Move::Wake(index));
                continue;
            };
            options.push(Move::Answer(index, call, CallResult::Done));
            if may_go_wrong {
                let is_main = index < self.stage.scenario.main_tasks();
                let faults = if is_main {
                    call.faults()
                } else {
                    BACKGROUND_FAULTS
                };
                let faults = faults.iter();
                options.extend(faults.map(|result| Move::Answer(index, call, *result)));
            }
        }
        if may_go_wrong && !options.is_empty() {
            options.push(Move::Stall);
        }
        let is_over = options.is_empty() && self.moves.last() != Some(&Move::Stop);
        if is_over && !under_way.is_empty() {
            options.push(Move::Stop);
        }
        if self.moves.last() != Some(&Move::Stop) {
            options.extend(under_way.into_iter().map(Move::Arrive));
        }
        options
    }

    /// A task that is about to prepare, which affects no other task: the order makes no difference.
    fn about_to_prepare(&self) -> Option<usize> {
        let mut tasks = self.tasks.iter().enumerate();
        let (index, _) = tasks.find(|(index, task)| {
            task.end.is_none() && self.world.call_of(*index) == Some(Call::Prepare)
        })?;
        Some(index)
    }

    /// All that the future depends on: what the tasks of each process have learned, in which order the store and the
    /// provider were changed, which lost calls may still take effect, and the time. (Two calls that do not change the
    /// store commute, and have the same epoch.) Two processes with the same role are interchangeable.
    fn fingerprint(&self) -> Vec<u8> {
        let roles = self.stage.scenario.processes.iter();
        let logs = roles.enumerate().map(|(index, role)| {
            let main = self.world.log_of(index);
            let length = u8::try_from(main.len()).expect("few moves");
            let background = self.world.log_of(index + self.stage.scenario.main_tasks());
            [vec![*role as u8, length], main, background].concat()
        });
        let mut logs: Vec<_> = logs.collect();
        logs.sort();
        logs.push(self.world.log_of_wire());
        logs.push(self.time.to_be_bytes().to_vec());
        let lengths = logs
            .iter()
            .map(|log| u8::try_from(log.len()).expect("few moves"));
        let lengths: Vec<_> = lengths.collect();
        [lengths, logs.concat()].concat()
    }

    async fn take(&mut self, next: Move) {
        self.moves.push(next);
        match next {
            Move::Answer(task, _, result) => {
                if result == CallResult::LostLate {
                    self.pass(LONGER_THAN_ANY_PATIENCE).await;
                }
                self.world.decide(task, result, self.time);
                self.poll(task);
                if result == CallResult::Dies {
                    self.kill(task);
                }
            }
            Move::Wake(task) => {
                if self.tasks[task].asleep == Some(self.time) {
                    self.pass(1).await;
                }
                self.world.note_awake(task, self.time);
                self.poll(task);
            }
            Move::Arrive(index) => self.world.arrive(index),
            Move::Stall => self.pass(PAUSE).await,
            Move::Stop => {}
        }
    }

    /// Runs a task up to its next call or sleep.
    fn poll(&mut self, task: usize) {
        let entry = &mut self.tasks[task];
        if let Poll::Ready(end) = entry
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            entry.end = Some(end);
        }
        let sleeps = self.world.call_of(task).is_none();
        entry.asleep = sleeps.then_some(self.time);
        let use_to_record = entry.use_to_record.lock().expect("nothing panics").take();
        if let Some(used) = use_to_record {
            let background = self.background_of(task);
            self.tasks[background] = self.stage.background(background, used);
            self.poll(background);
        }
    }

    /// Ends both tasks of a process.
    fn kill(&mut self, main: usize) {
        let background = self.background_of(main);
        for task in [main, background] {
            if self.tasks[task].end.is_none() {
                self.tasks[task] = Task::over(End::Crashed);
            }
        }
    }

    fn background_of(&self, main: usize) -> usize {
        main + self.stage.scenario.main_tasks()
    }

    async fn pass(&mut self, seconds: u16) {
        let time = Duration::from_secs(seconds.into());
        self.world.clock.advance(time);
        tokio::time::advance(time).await;
        self.time += seconds;
    }

    /// The final state, and the end of a later refresh.
    async fn finish(mut self) -> Result<Ended, String> {
        let Stage { world, key, .. } = self.stage;
        let later = self.stage.scenario.processes.len();
        let session = world
            .stored(*key)
            .and_then(|stored| self.stage.sessions[later].open(*key, stored.value()));
        let data = session.as_ref().map(|session| session.data().clone());
        let stored = session.map(|session| number(session.tokens()));
        let ends = self.tasks[..later].iter();
        let ends = ends.map(|task| task.end.expect("all are over"));
        let ends = ends.collect();
        let moves = self.moves.clone();
        let was_deleted = world.state().is_deleted;
        let is_slow = Duration::from_secs(self.time.into()) >= TIMEOUT;

        self.tasks[later] = self.stage.main(later, Role::Refreshes);
        self.poll(later);
        let end = loop {
            self.is_sound()?;
            // Its use is recorded first, so that the refresh meets another version.
            let tasks = [self.background_of(later), later];
            let Some(task) = tasks
                .into_iter()
                .find(|task| self.tasks[*task].end.is_none())
            else {
                break self.tasks[later].end.expect("it is over");
            };
            let next = match world.call_of(task) {
                Some(call) => Move::Answer(task, call, CallResult::Done),
                None => Move::Wake(task),
            };
            self.take(next).await;
        };
        Ok(Ended {
            owner: self.stage.owner,
            world: Arc::clone(world),
            moves,
            ends,
            is_slow,
            was_deleted,
            stored,
            data,
            later: end,
        })
    }
}

/// A background task dies with a call of its main task.
const BACKGROUND_FAULTS: &[CallResult] = &[CallResult::Lost];
/// Longer than a refresh attempt is waited for, and longer than saving new tokens is retried.
const PAUSE: u16 = 120;
const LONGER_THAN_ANY_PATIENCE: u16 = 61;
const TOO_LONG: usize = 200;
