using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Prefork.Tests.Loop;

namespace Prefork.AspNetCore.Tests;

/// <summary>The application's code runs on the loop's thread, and leaves nothing behind on it.</summary>
public class LoopThreads
{
    private const string Clean = $"prefork io, {ThreadTraces.None}";

    private static readonly ManualResetEventSlim s_mayGoOn = new();
    private static TaskCompletionSource s_blocks = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static Thread? s_kept;

    [Fact]
    public async Task WhatACallbackChangesOfItsThread_TheNextOneDoesNotSee()
    {
        await using var server = await TestServer.RawAsync(Carrier.Prefork, ServeAsync);
        using var spoiling = await TestClient.ConnectAsync(server);
        using var looking = await TestClient.ConnectAsync(server);
        var since = Stopwatch.StartNew();
        for (var sameThread = 0; sameThread < 5;)
        {
            Assert.True(since.Elapsed < TestServer.Patience, "The loop runs no callbacks.");

            // The first ones of a connection run on the thread pool, and under load others, too.
            var (spoilt, before) = await AskAsync(spoiling, "spoil");
            var (thread, after) = await AskAsync(looking, "look");
            if (before.StartsWith("prefork io", StringComparison.Ordinal) && thread == spoilt)
            {
                Assert.Equal(Clean, after);
                sameThread++;
            }
        }
    }

    /// <summary>A thread that a handler has kept may be interrupted by it much later, when it waits for its next turn.</summary>
    [Fact]
    public async Task AThreadThatWasKeptAndIsInterruptedLater_GoesOn()
    {
        await using var server = await TestServer.RawAsync(Carrier.Prefork, ServeAsync);
        using var client = await TestClient.ConnectAsync(server);
        using var other = await TestClient.ConnectAsync(server);
        var answer = "";
        for (var since = Stopwatch.StartNew(); answer != "kept\n";)
        {
            Assert.True(since.Elapsed < TestServer.Patience, "The loop runs no callbacks.");
            s_blocks = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await client.SendAsync("keep and block\n");
            var answered = client.ReadUntilAsync("\n");
            if (await Task.WhenAny(s_blocks.Task, answered) == s_blocks.Task)
            {
                // Who answers this has the turn, and the one that blocks will wait for its next.
                await AskAsync(other, "look");
                s_mayGoOn.Set();
            }

            answer = await answered;
        }

        SpinWait.SpinUntil(static () => s_kept!.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), TestServer.Patience);
        s_kept!.Interrupt();
        for (var i = 0; i < 20; i++)
        {
            Assert.NotEqual("", (await AskAsync(client, "look")).State);
        }

        Assert.True(s_kept.IsAlive);
    }

    private static async Task<(int Thread, string State)> AskAsync(TestClient client, string what)
    {
        await client.SendAsync($"{what}\n");
        var words = (await client.ReadUntilAsync("\n")).TrimEnd().Split(' ', 2);
        return (int.Parse(words[0], CultureInfo.InvariantCulture), words[1]);
    }

    /// <summary>A callback for each message, as bare as it can be: no async method puts anything back behind it.</summary>
    private static Task ServeAsync(ConnectionContext connection)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ValueTaskAwaiter<ReadResult> read = default;
        void Wait()
        {
            read = connection.Transport.Input.ReadAsync().GetAwaiter();
            if (read.IsCompleted)
            {
                Answer();
            }
            else
            {
                read.UnsafeOnCompleted(Answer);
            }
        }

        void Answer()
        {
            var result = read.GetResult();
            if (result.IsCompleted)
            {
                ended.TrySetResult();
                return;
            }

            var text = Encoding.ASCII.GetString(result.Buffer.FirstSpan).TrimEnd();
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            var answer = $"{Environment.CurrentManagedThreadId} {Thread.CurrentThread.Name}, {ThreadTraces.Look()}\n";
            if (text == "keep and block" && !Thread.CurrentThread.IsThreadPoolThread)
            {
                s_kept = Thread.CurrentThread;
                s_blocks.SetResult();
                s_mayGoOn.Wait(TestServer.Patience);
                answer = "kept\n";
            }

            _ = connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(answer)).AsTask();
            if (text == "spoil")
            {
                ThreadTraces.Leave();
            }

            Wait();
        }

        Wait();
        return ended.Task;
    }
}
