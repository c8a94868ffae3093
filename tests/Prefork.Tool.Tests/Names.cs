using Prefork.Tool.Control;

namespace Prefork.Tool.Tests;

/// <summary>A name has one owner at a time; and to look whether it has one takes nothing.</summary>
public class Names
{
    [Fact]
    public async Task OfManyWhoWantAName_OneHasIt_AlsoWhileOthersGiveItUp()
    {
        using var folder = new TemporaryFolder();
        var owners = 0;
        var rounds = 0;
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            while (!end.IsCancellationRequested && Volatile.Read(ref rounds) < 20_000)
            {
                if (ControlSocket.TryTake(folder.Path, "shop") is { } mine)
                {
                    using (mine)
                    {
                        Assert.Equal(1, Interlocked.Increment(ref owners));
                        Interlocked.Increment(ref rounds);
                        Thread.Yield();
                        Interlocked.Decrement(ref owners);
                    }
                }
            }
        }, TaskCreationOptions.LongRunning)));
        Assert.NotEqual(0, rounds);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task WhoLooks_IsInNobodysWay()
    {
        using var folder = new TemporaryFolder();
        using var end = new CancellationTokenSource();
        var looking = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(() =>
        {
            while (!end.IsCancellationRequested)
            {
                ControlSocket.Living(folder.Path);
            }
        }, TaskCreationOptions.LongRunning)));
        for (var i = 0; i < 300; i++)
        {
            using var mine = ControlSocket.TryTake(folder.Path, "shop");
            Assert.NotNull(mine);
            using var socket = mine.Listen();
            Assert.True(File.Exists(mine.Path));
            Assert.Equal(["shop"], ControlSocket.Living(folder.Path));
        }

        await end.CancelAsync();
        await looking;
    }

    [Fact]
    public void ADeadOnesSocket_IsNobodys_AndTheNextOwnersToRemove()
    {
        using var folder = new TemporaryFolder();
        var socket = ControlSocket.PathOf(folder.Path, "shop");
        File.WriteAllText(socket, "");
        File.WriteAllText(Path.ChangeExtension(socket, ".lock"), "");
        Assert.Empty(ControlSocket.Living(folder.Path));
        Assert.True(File.Exists(socket));
        using var mine = ControlSocket.TryTake(folder.Path, "shop");
        Assert.NotNull(mine);
        Assert.False(File.Exists(socket));
        Assert.Null(ControlSocket.TryTake(folder.Path, "shop"));
    }

    [Fact]
    public void AFolderThatHasGone_IsNobodysTrouble()
    {
        using var folder = new TemporaryFolder();
        var inner = Directory.CreateDirectory(Path.Combine(folder.Path, "prefork")).FullName;
        using (ControlSocket.TryTake(inner, "shop"))
        {
            Directory.Delete(inner, recursive: true);
        }

        Assert.False(ControlSocket.IsTaken(inner, "shop"));
    }
}
