using Prefork;

namespace ConformanceApp.Channels;

/// <summary>Exactly one channel; anything else is refused when it is set.</summary>
internal abstract class BadStdio : Scenario
{
    internal override Task PrimaryAsync()
    {
        Check.Throws<ArgumentException>(() => Cluster.SetupPrimary(settings => settings.Stdio = [Stdio.Inherit, Stdio.Inherit, Stdio.Inherit]));
        Check.Throws<ArgumentException>(() => Cluster.SetupPrimary(
            settings => settings.Stdio = [Stdio.Inherit, Stdio.Inherit, Stdio.Inherit, Stdio.Channel, Stdio.Channel]));
        Check.Equal(null, Cluster.Settings.Stdio);
        return Task.CompletedTask;
    }
}

/// <summary>Of a list.</summary>
[NodeTest("test-child-process-validate-stdio")]
internal sealed class ValidateStdio : BadStdio;

/// <summary>Of a list without a channel; and a further descriptor is there when there is one.</summary>
[NodeTest("test-child-process-fork-stdio")]
internal sealed class ForkWithStdio : BadStdio
{
    internal override async Task PrimaryAsync()
    {
        await base.PrimaryAsync();
        Cluster.SetupPrimary(settings => settings.Stdio = [Stdio.Ignore, Stdio.Pipe, Stdio.Inherit, Stdio.Channel, Stdio.Pipe]);
        var worker = Cluster.Fork();
        Check.Equal(null, worker.Process.StandardInput);
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("and a message", e.Message.Get<string>()));
        using var output = new StreamReader(worker.Process.StandardOutput!);
        using var extra = new StreamReader(worker.Process.Stdio[4]!);
        Check.Equal("to stdout", await output.ReadLineAsync().WithinPatience());
        Check.Equal("to the pipe", await extra.ReadLineAsync().WithinPatience());
    }

    internal override async Task WorkerAsync()
    {
        Console.WriteLine("to stdout");
        using var pipe = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(4, ownsHandle: true), FileAccess.Write, bufferSize: 0);
        await pipe.WriteAsync("to the pipe\n"u8.ToArray());
        await Cluster.Worker!.SendAsync("and a message");
        await base.WorkerAsync();
    }
}

/// <summary>Silence is a name for three pipes, and a list is stronger than it.</summary>
[NodeTest("test-child-process-fork-stdio-string-variant")]
internal sealed class StdioVariant : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Silent = true);
        var silent = Cluster.Fork();
        Check.True(silent.Process is { StandardInput: not null, StandardOutput: not null, StandardError: not null });
        silent.MessageReceived += Must.HandleAsync<WorkerMessageEventArgs>("message", async _ => await silent.SendAsync("bye"));
        silent.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var ended = new TaskCompletionSource();
        Cluster.Worker!.MessageReceived += (_, _) => ended.SetResult();
        await Cluster.Worker.SendAsync("hello");
        await ended.Task;
    }
}

/// <summary>The channel may have any number.</summary>
internal abstract class ChannelAt(int number) : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Stdio = [.. Enumerable.Range(0, 3).Select(index => index == number ? Stdio.Channel : Stdio.Inherit)]);
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.HandleAsync<WorkerMessageEventArgs>("message", async e =>
        {
            Check.Equal("hello", e.Message.Get<string>());
            await worker.SendAsync("bye");
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var ended = new TaskCompletionSource();
        Cluster.Worker!.MessageReceived += (_, _) => ended.SetResult();
        await Cluster.Worker.SendAsync("hello");
        await ended.Task;
    }
}

/// <summary>That of standard input.</summary>
[NodeTest("test-child-process-stdin-ipc")]
internal sealed class ChannelAtInput() : ChannelAt(0);

/// <summary>That of standard output.</summary>
[NodeTest("test-child-process-stdout-ipc")]
internal sealed class ChannelAtOutput() : ChannelAt(1);

/// <summary>Settings that cannot be are refused when they are set, a signal that does not exist when it is sent.</summary>
[NodeTest("test-child-process-constructor")]
internal sealed class Constructor : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Check.Throws<ArgumentException>(() => Cluster.SetupPrimary(settings => settings.Exec = ""));
        Check.Throws<ArgumentOutOfRangeException>(() => Cluster.SetupPrimary(settings => settings.UserId = -1));
        var worker = Cluster.Fork();
        Check.True(worker.Process.Id > 0);
        Check.Throws<ArgumentOutOfRangeException>(() => worker.Kill((Signal)999));
        Check.True(!worker.IsDead);
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(Signal.SIGKILL, e.Exit.Signal));
        Check.True(worker.Kill(Signal.SIGKILL));
        await Must.AllAsync();
    }
}
