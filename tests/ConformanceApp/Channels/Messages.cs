using System.Text.Json;
using Prefork;

namespace ConformanceApp.Channels;

/// <summary>What begins like an internal command never reaches users; what only looks a little like it does.</summary>
[NodeTest("test-child-process-internal")]
internal sealed class Internal : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        var messages = Must.Call("message");
        worker.MessageReceived += (_, e) =>
        {
            Check.Equal("fooNODE_", e.Message.Get<JsonElement>().GetProperty("cmd").GetString());
            messages.Hit();
        };
        Cluster.Error += Must.Never<WorkerErrorEventArgs>("error");
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync(new { cmd = "fooNODE_" });
        await Cluster.Worker.SendAsync(new { cmd = "NODE_bar" });
    }
}

/// <summary>A send that was taken says so.</summary>
[NodeTest("test-child-process-send-cb")]
internal sealed class SendCallback : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("ok", e.Message.Get<string>()));
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync() => await Cluster.Worker!.SendAsync("ok");
}

/// <summary>A send after the end says so, with or without a socket.</summary>
[NodeTest("test-child-process-send-after-close")]
internal sealed class SendAfterClose : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
        await Check.ThrowsAsync<ClusterChannelClosedException>(() => worker.SendAsync("foo").AsTask());
        using var socket = Net.Listen(Net.AnyPort);
        await Check.ThrowsAsync<ClusterChannelClosedException>(() => worker.SendAsync("foo", socket).AsTask());
        Check.True(!worker.IsConnected);
    }

    internal override Task WorkerAsync() => Task.CompletedTask;
}

/// <summary>What cannot be a message is an exception at the sender, and harms nothing.</summary>
[NodeTest("test-child-process-send-type-error")]
internal sealed class SendTypeError : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        await Check.ThrowsAsync<NotSupportedException>(() => worker.SendAsync<Func<int>>(() => 1).AsTask());
        using var raw = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Unspecified);
        await Check.ThrowsAsync<ArgumentException>(() => worker.SendAsync("message", raw).AsTask());
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("unharmed", e.Message.Get<string>()));
        await worker.SendAsync("unharmed");
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.HandleAsync<ClusterMessageEventArgs>(
            "message", async e => await Cluster.Worker.SendAsync(e.Message.Get<string>()));
        return base.WorkerAsync();
    }
}

/// <summary>Characters of several bytes survive reads that cut them in two.</summary>
[NodeTest("test-child-process-send-utf8")]
internal sealed class SendUtf8 : Scenario
{
    private static readonly string s_text = string.Concat(Enumerable.Repeat("ßü€", 133_000));

    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.True(e.Message.Get<string>() == s_text, "the text arrives whole"));
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync() => await Cluster.Worker!.SendAsync(s_text);
}

/// <summary>Arguments are checked at the call, those that are passed are not changed, and a message comes back as it went.</summary>
[NodeTest("test-child-process-fork")]
internal sealed class ForkAndTalk : Scenario
{
    internal override async Task PrimaryAsync()
    {
        List<string> arguments = ["test-child-process-fork", "foo", "bar"];
        Cluster.SetupPrimary(settings => settings.Arguments = arguments);
        Check.Equal("test-child-process-fork foo bar", string.Join(' ', arguments));
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            Check.True(e.Message.Get<JsonElement>().GetProperty("foo").GetString() == "bar");
            worker.Disconnect();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Check.ThrowsAsync<NotSupportedException>(() => worker.SendAsync<Action>(() => { }).AsTask());
        await worker.SendAsync(new { hello = "world" });
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        Check.Equal("foo bar", string.Join(' ', Arguments));
        Cluster.Worker!.MessageReceived += Must.HandleAsync<ClusterMessageEventArgs>("message", async e =>
        {
            Check.Equal("world", e.Message.Get<JsonElement>().GetProperty("hello").GetString());
            await Cluster.Worker.SendAsync(new { foo = "bar" });
        });
        await base.WorkerAsync();
    }
}

/// <summary>A message comes before the exit, and the end of the output is there for whoever reads it.</summary>
[NodeTest("test-child-process-fork-close")]
internal sealed class ForkClose : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Silent = true);
        var worker = Cluster.Fork();
        var messaged = false;
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", _ => messaged = true);
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => Check.True(messaged));
        using var output = new StreamReader(worker.Process.StandardOutput!);
        await Must.AllAsync();
        Check.Equal("hello", (await output.ReadToEndAsync().WithinPatience()).Trim());
    }

    internal override async Task WorkerAsync()
    {
        Console.WriteLine("hello");
        await Cluster.Worker!.SendAsync("hello");
    }
}
