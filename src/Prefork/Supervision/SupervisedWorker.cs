using Prefork.Processes;

namespace Prefork.Supervision;

/// <summary>A worker as its supervisor sees it. On the supervisor's loop.</summary>
internal sealed class SupervisedWorker(WorkerProcess process, Generation generation, Slot slot, DateTimeOffset startedAt, TimeSpan started, OutputReader? output, HangWatch? hangWatch)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WorkerEnding> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal WorkerProcess Process { get; } = process;

    internal Generation Generation { get; } = generation;

    internal Slot Slot { get; } = slot;

    internal DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>The same on the supervisor's clock.</summary>
    internal TimeSpan Started { get; } = started;

    internal OutputReader? Output { get; } = output;

    internal HangWatch? HangWatch { get; } = hangWatch;

    internal WorkerPhase Phase { get; set; }

    /// <summary>When it entered rotation, on the supervisor's clock.</summary>
    internal TimeSpan? ServesSince { get; set; }

    /// <summary>Why the supervisor ends it; null as long as it does not.</summary>
    internal string? StopReason { get; set; }

    /// <summary>Whether that is a failure of the worker's, such as a hang, and not something that was planned.</summary>
    internal bool HasFailed { get; set; }

    /// <summary>Since when, on the supervisor's clock, it gets no more clients though nobody told it to leave; null as long as it does.</summary>
    internal TimeSpan? LeftSince { get; set; }

    /// <summary>Whether it listened when it entered rotation. One that did not, such as a worker that takes its work from a queue, is not held to it.</summary>
    internal bool Listens { get; set; }

    /// <summary>Why it can get no clients, as far as its primary knows; null when it can.</summary>
    internal string? WhyUseless => !Process.IsConnected ? "has closed its channel"
        : Process.IsAskedToLeave ? "leaves by itself"
        : Listens && Process.Control.HasClosedAllListeners ? "has closed its listeners"
        : null;

    /// <summary>Whether its connections are over: only of a Node worker, which closes its channel after them, and then lives as long as its program has something to wait for.</summary>
    internal Task<bool> HasDrainedAsync() => Process.IsConnected || Process.Process.Id is not { } pid
        ? Task.FromResult(false)
        : Task.Run(() => ProcessConnections.AreOpenTo(pid, Process.Control.ListenedOn) == false);

    /// <summary>Whether it has been sent SIGTERM because it had nothing to drain any more.</summary>
    internal bool IsToldToEnd { get; set; }

    internal bool IsNode { get; } = generation.Settings.Exec is { } exec && ProgramCommand.IsNodeScript(exec);

    /// <summary>What the user's code says about its start, or is about to say: nobody asks a second time before that.</summary>
    internal Task<string?>? Explanation { get; set; }

    /// <summary>Whether it is there for a rollback only: out of rotation, and in nobody's place.</summary>
    internal bool IsWarm { get; set; }

    /// <summary>What it has started, as far as anybody has looked.</summary>
    internal ProcessTree Tree { get; private set; } = ProcessTree.Empty;

    /// <summary>Whether it is to be replaced, with the reason; null for not.</summary>
    internal string? RecycleReason { get; set; }

    /// <summary>By which part the limits of recycling are lowered for it.</summary>
    internal double RecycleFactor { get; init; } = 1;

    /// <summary>The process is over; there may be something left to read.</summary>
    internal Task Over => _over.Task;

    internal bool IsOver => _over.Task.IsCompleted;

    /// <summary>The process has ended, and what it wrote has been read.</summary>
    internal Task<WorkerEnding> Ended => _ended.Task;

    internal string Name => $"worker {Process.Id} (slot {Slot.Index}, generation {Generation.Number}{(Process.Process.Id is { } pid ? $", pid {pid}" : "")})";

    /// <summary>Looks at what it has started: to be done before its end, which takes away the trace, and after it, for what is in its group.</summary>
    internal ProcessTree Look(ProcessTable table) => Tree = Process.Process.Id is { } pid ? Tree.With(table.TreeOf(pid, Process.Process.StartTime)) : Tree;

    /// <summary>What the runtimes of a .NET worker that has ended, and of those that it has started, may have left in its folder for such files.</summary>
    internal void RemoveRuntimeFiles()
    {
        var settings = Generation.Settings;
        var folder = RuntimeFiles.FolderOf(settings.Environment, settings.WorkingDirectory);
        foreach (var (pid, start) in Tree.Ended)
        {
            RuntimeFiles.Remove(folder, pid, start, settings.UserId);
        }

        if (Process.Process is { Id: { } own, StartTime: { } ownStart })
        {
            RuntimeFiles.Remove(folder, own, ownStart, settings.UserId);
        }
    }

    internal void SetOver() => _over.TrySetResult();

    internal void SetEnded(WorkerEnding ending) => _ended.TrySetResult(ending);
}
