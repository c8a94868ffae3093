using Prefork.Tool;

if (!OpenFiles.AreEnough())
{
    return ExitCodes.Usage;
}

StandardStream.Install();
return await CommandTree.RunAsync(args);
