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
    public void ALineBreak_IsInNoName() => Assert.False(ControlSocket.IsName("shop\n"));

    [Fact(Timeout = 10_000)]
    public async Task APipeInPlaceOfALock_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using (var make = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(folder.Path, "shop.lock")]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var exception = await Assert.ThrowsAsync<CommandException>(() => Task.Run(() => ControlSocket.IsTaken(folder.Path, "shop")));
        Assert.Contains("not a regular file", exception.Message, StringComparison.Ordinal);
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

    [Fact]
    public void WhatWasRemovedOfAnOwner_IsMadeAgain_AndTheNameIsItsOwnStill()
    {
        using var folder = new TemporaryFolder();
        var inner = Directory.CreateDirectory(Path.Combine(folder.Path, "prefork")).FullName;
        using var mine = ControlSocket.TryTake(inner, "shop")!;
        using var first = mine.Listen();
        Assert.Null(mine.Restore());
        File.Delete(mine.Path);
        using var second = mine.Restore();
        Assert.NotNull(second);
        Directory.Delete(inner, recursive: true);
        using var third = mine.Restore();
        Assert.NotNull(third);
        Assert.Equal(["shop"], ControlSocket.Living(inner));
        Assert.Null(ControlSocket.TryTake(inner, "shop"));
        Assert.Null(mine.Restore());

        // A folder that others could write to is not trusted; nor is a socket that another has put there.
        File.SetUnixFileMode(inner, (UnixFileMode)0b111_111_111);
        File.Delete(mine.Path);
        File.WriteAllText(mine.Path, "");
        using var fourth = mine.Restore();
        Assert.NotNull(fourth);
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(inner));
    }

    [Fact]
    public void ANameThatAnotherTookMeanwhile_IsItsOwn_AndThatIsSaid()
    {
        using var folder = new TemporaryFolder();
        using var mine = ControlSocket.TryTake(folder.Path, "shop")!;
        File.Delete(Path.ChangeExtension(mine.Path, ".lock"));
        using (var other = ControlSocket.TryTake(folder.Path, "shop"))
        {
            Assert.NotNull(other);
            Assert.Contains("another application has taken the name", Assert.Throws<CommandException>(() => mine.Restore()).Message, StringComparison.Ordinal);
            mine.Dispose();
            Assert.True(ControlSocket.IsTaken(folder.Path, "shop"));
        }

        Assert.False(ControlSocket.IsTaken(folder.Path, "shop"));
    }
}
